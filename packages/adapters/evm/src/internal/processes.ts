import { readdir, readFile } from "node:fs/promises";

/** A process by its id and the clock tick it was started at, since ids are used again. */
export type ProcessRecord = { pid: number; startTicks: number };

/** Processes looked at in one search; Linux allows 4 million ids, nobody has that many at once. */
const maxProcesses = 100_000;

/** The record of a process that runs now; undefined for one that does not, or that is a zombie. */
export async function processRecord(pid: number): Promise<ProcessRecord | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field, the name in parentheses, may hold spaces and parentheses itself (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, startTicks: Number(fields[19]) };
}

/** Whether the very process that was recorded still runs. */
export async function runs(record: ProcessRecord): Promise<boolean> {
  return (await processRecord(record.pid))?.startTicks === record.startTicks;
}

/** Running processes whose arguments satisfy `matches`. */
export async function findProcesses(
  matches: (argv: readonly string[]) => boolean,
): Promise<(ProcessRecord & { argv: string[] })[]> {
  const found = [];
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).slice(0, maxProcesses);
  for (const pid of pids) {
    const cmdline = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const argv = cmdline.split("\0").slice(0, -1);
    if (argv.length === 0 || !matches(argv)) continue;
    const record = await processRecord(Number(pid));
    if (record !== undefined) found.push({ ...record, argv });
  }
  return found;
}

import { readdirSync, readFileSync } from "node:fs";
import { runVariable } from "./exec.ts";

/** A process that outlived the test which started it. */
export type Leftover = { pid: number; command: string };

/**
 * The processes of the test run `id` that still run, this one excepted. They are known by their inherited
 * environment, so a detached one or one whose parent died is found as well.
 */
export function leftovers(id: string): Leftover[] {
  const mark = `${runVariable}=${id}\0`;
  const found: Leftover[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (!`${read(pid, "environ")}\0`.includes(mark)) continue;
    // A process that has ended and waits for its parent to look has an environment no more.
    found.push({ pid, command: read(pid, "cmdline").replaceAll("\0", " ").trim() });
  }
  return found;
}

/** Kills what `leftovers` found. */
export function killLeftovers(found: readonly Leftover[]): void {
  for (const { pid } of found) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    // Ended meanwhile, or another user's.
    return "";
  }
}

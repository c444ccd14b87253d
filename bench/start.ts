import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { residentBytes } from "@lichen/host";
import Table from "cli-table3";

/**
 * A newcomer's first minute: a fresh clone of what is committed, `npm start` twice. The first installs;
 * the second, with a fresh home, shows how long the first answer takes and what each process holds.
 */
const root = join(import.meta.dirname, "..");
const dir = await mkdtemp(join(tmpdir(), "lichen-start-"));
const clone = join(dir, "lichen");

type Said = { event: string } & Record<string, any>;

/** Runs `npm start -- --json ARGS` in the clone; resolves when it has left, every event timed since the start. */
async function start(args: string[], onReady?: () => void): Promise<Map<string, Said & { atS: number }>> {
  const startedAt = performance.now();
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1" };
  delete env["LICHEN_HOME"];
  const child = spawn("npm", ["start", "--silent", "--", "--json", ...args], {
    cwd: clone,
    env,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const events = new Map<string, Said & { atS: number }>();
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{")) continue;
    const said: Said = JSON.parse(line);
    events.set(said.event, { ...said, atS: (performance.now() - startedAt) / 1000 });
    if (said.event !== "ready" || onReady === undefined) continue;
    onReady();
    process.kill(-(child.pid as number), "SIGINT"); // as a terminal's Ctrl-C would
  }
  const code = await ended;
  if (onReady === undefined && code !== 0) throw new Error(`npm start ended with ${code}`);
  return events;
}

const mb = (bytes: number): number => Math.round(bytes / 1e6);

try {
  execFileSync("git", ["clone", "--quiet", root, clone], { stdio: ["ignore", "ignore", "inherit"] });
  const first = performance.now();
  await start(["--once"]);
  const withInstallS = (performance.now() - first) / 1000;
  const installMb = mb(
    Number(
      execFileSync("du", ["-sb", join(clone, "node_modules")])
        .toString()
        .split("\t")[0],
    ),
  );

  const rss: Record<string, number> = {};
  const home = join(dir, "home");
  const events = await start(["--home", home], () => {
    const { processes } = JSON.parse(readFileSync(join(home, "run.json"), "utf8"));
    for (const { name, pid } of processes) rss[name] = mb(residentBytes(pid) ?? 0);
    const chain = processes.find(({ name }: { name: string }) => name === "chain");
    const anvil = execFileSync("pgrep", ["-P", String(chain.pid)])
      .toString()
      .trim()
      .split("\n")[0];
    rss["chain"] = (rss["chain"] ?? 0) + mb(residentBytes(Number(anvil)) ?? 0);
  });
  const firstAnswerS = Number(events.get("answer")?.atS.toFixed(1));
  const paidS = Number(events.get("payment")?.atS.toFixed(1));

  const table = new Table({ head: ["what", "figure"], style: { head: [], border: [] } });
  table.push(
    ["installation and first answer, empty clone", `${withInstallS.toFixed(1)} s`],
    ["first answer, installed, fresh home", `${firstAnswerS} s`],
    ["its payment shown on the chain", `${paidS} s`],
    ["node_modules of `npm start`", `${installMb} MB`],
    ...Object.entries(rss).map(([name, size]): [string, string] => [
      `memory of ${name}${name === "chain" ? ", anvil included" : ""}`,
      `${size} MB`,
    ]),
  );
  console.log(table.toString());
  const { gateway, chain } = rss;
  console.log(
    JSON.stringify({ firstAnswerS, installMb, rssMb: { gateway, provider: rss["provider-1"], chain } }),
  );
} finally {
  await rm(dir, { recursive: true, force: true });
}

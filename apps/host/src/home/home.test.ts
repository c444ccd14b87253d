import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { claimHome } from "./claim-home.ts";
import { homeAt, homeSchema, openHome, removeHome } from "./home.ts";
import { lockHome } from "./lock.ts";
import { awaitOrphans } from "./orphans.ts";
import { isAlive, ownIdentity, startTicks } from "./process-identity.ts";
import { readRunFile, runningNetwork, writeRunFile, type RunInfo } from "./run-file.ts";

function directory(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "lichen-home-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const runInfo = (change: Partial<RunInfo> = {}): RunInfo => ({
  schema: 1,
  version: "0.1.0",
  state: "ready",
  supervisor: ownIdentity(),
  startedAtMs: 1,
  apiKey: "sk-lichen-x",
  processes: [],
  url: "http://localhost:1",
  ...change,
});

const code = (expected: string) => (error: { code?: string }) => error.code === expected;

test("a home is made once, is private, and opens again", (t) => {
  const dir = join(directory(t), "deep", "home");
  const home = openHome(dir);
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  assert.deepEqual(openHome(dir).dir, home.dir);
});

test("what is no home is neither taken nor removed", (t) => {
  const dir = directory(t);
  writeFileSync(join(dir, "thesis.txt"), "years of work");
  assert.throws(() => openHome(dir), code("state-invalid"));
  assert.throws(() => removeHome(homeAt(dir)), code("state-invalid"));
  const file = join(dir, "thesis.txt");
  assert.throws(() => openHome(file), code("state-invalid"));
  assert.deepEqual(readdirSync(dir), ["thesis.txt"]);
});

test("a newer or damaged home is refused, and can be removed", (t) => {
  const dir = directory(t);
  for (const [text, expected] of [
    [JSON.stringify({ schema: homeSchema + 1 }), "version-unsupported"],
    ["{", "state-invalid"],
    ["null", "state-invalid"],
    ["", "state-invalid"],
  ] as const) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "home.json"), text);
    assert.throws(() => openHome(dir), code(expected));
    removeHome(homeAt(dir));
    assert.equal(existsSync(dir), false);
  }
});

test("removing a home leaves what is not Lichen's", (t) => {
  const home = openHome(directory(t));
  writeFileSync(join(home.keys, "api-key"), "x");
  writeFileSync(join(home.dir, "notes.txt"), "mine");
  removeHome(home);
  assert.deepEqual(readdirSync(home.dir), ["notes.txt"]);
});

test(
  "a second claim is refused while the first holds, also by another process, and free when it dies",
  { timeout: 20_000 },
  async (t) => {
    const home = openHome(directory(t));
    const script = `import { lockHome } from ${JSON.stringify(import.meta.resolve("./lock.ts"))};
    import { homeAt } from ${JSON.stringify(import.meta.resolve("./home.ts"))};
    globalThis.held = lockHome(homeAt(${JSON.stringify(home.dir)})); console.log(typeof held); setInterval(() => {}, 1e6);`;
    const other = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => other.kill("SIGKILL"));
    const [said] = (await once(other.stdout, "data")) as [Buffer];
    assert.equal(said.toString().trim(), "function");
    assert.equal(lockHome(home), undefined);
    await assert.rejects(
      claimHome(home.dir, () => undefined),
      code("already-running"),
    );
    other.kill("SIGKILL");
    await once(other, "exit");
    const claimed = await claimHome(home.dir, () => undefined);
    await assert.rejects(
      claimHome(home.dir, () => undefined),
      code("already-running"),
    );
    claimed.release();
  },
);

test(
  "a stale run file is cleared with a word, and what its supervisor left is ended",
  { timeout: 20_000 },
  async (t) => {
    const home = openHome(directory(t));
    const orphan = spawn("sleep", ["600"]);
    t.after(() => orphan.kill("SIGKILL"));
    await once(orphan, "spawn");
    const pid = orphan.pid as number;
    // The supervisor's id lives on in another process: its start tells them apart.
    const supervisor = { pid: process.pid, ticks: "1" };
    writeRunFile(
      home,
      runInfo({
        supervisor,
        processes: [{ name: "provider-1", pid, ticks: startTicks(pid) ?? "", state: "ready", restarts: 0 }],
      }),
    );
    assert.equal(runningNetwork(home), undefined);
    const ended = once(orphan, "exit");
    orphan.kill("SIGTERM");
    const notes: string[] = [];
    const claimed = await claimHome(home.dir, (line) => notes.push(line));
    await ended;
    assert.equal(notes.length, 1);
    assert.equal(existsSync(home.runFile), false);
    claimed.release();
  },
);

test("what does not end by itself is killed, and nobody else is", { timeout: 20_000 }, async (t) => {
  const [stubborn, bystander] = [spawn("sleep", ["600"]), spawn("sleep", ["600"])];
  t.after(() => [stubborn, bystander].forEach((each) => each.kill("SIGKILL")));
  await Promise.all([once(stubborn, "spawn"), once(bystander, "spawn")]);
  const entry = (name: string, pid: number, ticks: string): RunInfo["processes"][number] => ({
    name,
    pid,
    ticks,
    state: "ready",
    restarts: 0,
  });
  const processes = [
    entry("provider-1", stubborn.pid as number, startTicks(stubborn.pid as number) ?? ""),
    entry("provider-2", bystander.pid as number, "1"),
  ];
  assert.deepEqual(await awaitOrphans(runInfo({ processes }), 100), ["provider-1"]);
  await once(stubborn, "exit");
  assert.equal(bystander.exitCode ?? bystander.signalCode, null);
});

test("the run file is private, survives a round trip, and rubbish is no network", (t) => {
  const home = openHome(directory(t));
  assert.equal(readRunFile(home), undefined);
  writeRunFile(home, runInfo());
  assert.equal(statSync(home.runFile).mode & 0o777, 0o600);
  assert.deepEqual(runningNetwork(home), runInfo());
  for (const text of ["", "{", "null", JSON.stringify({ ...runInfo(), schema: 2 })]) {
    writeFileSync(home.runFile, text);
    assert.equal(readRunFile(home), undefined);
  }
});

test("a process is told from a later one with the same id", () => {
  assert.ok(isAlive(ownIdentity()));
  assert.equal(isAlive({ pid: process.pid, ticks: "1" }), false);
  assert.equal(startTicks(2 ** 30), undefined);
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { withLock } from "./lock.mjs";
import { startTicks } from "./process.mjs";

describe("withLock", () => {
  let dir;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "lichen-lock-"));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it("lets one process at a time in, also where a dead one's lock is taken over by many", async () => {
    const count = join(dir, "count");
    const lock = join(dir, "many.lock");
    writeFileSync(count, "0");
    writeFileSync(lock, JSON.stringify({ pid: 4_194_305, ticks: "1" }));
    const program = `
      import { readFileSync, writeFileSync } from "node:fs";
      import { withLock } from ${JSON.stringify(join(import.meta.dirname, "lock.mjs"))};
      for (let round = 0; round < 3; round++) {
        await withLock(${JSON.stringify(lock)}, () => {}, async () => {
          const seen = Number(readFileSync(${JSON.stringify(count)}, "utf8"));
          await new Promise((resolve) => setTimeout(resolve, 20));
          writeFileSync(${JSON.stringify(count)}, String(seen + 1));
        });
      }`;
    const run = () =>
      new Promise((resolve) => {
        const args = ["--input-type=module", "-e", program];
        spawn(process.execPath, args, { stdio: "inherit" }).once("close", resolve);
      });
    assert.deepEqual(await Promise.all([run(), run(), run(), run()]), [0, 0, 0, 0]);
    assert.equal(readFileSync(count, "utf8"), "12");
    assert.ok(!existsSync(lock));
  });

  it("gives up in the end, and says who holds the lock", async () => {
    const lock = join(dir, "held.lock");
    writeFileSync(lock, JSON.stringify({ pid: process.pid, ticks: startTicks(process.pid) }));
    const waited = [];
    await assert.rejects(
      withLock(
        lock,
        (pid) => waited.push(pid),
        async () => {},
        300,
      ),
      /has not finished/,
    );
    assert.deepEqual(waited, [process.pid]);
  });

  it("is not held by another process that got the owner's id", async () => {
    const lock = join(dir, "reused.lock");
    writeFileSync(lock, JSON.stringify({ pid: process.pid, ticks: "1" }));
    assert.equal(
      await withLock(
        lock,
        () => {},
        async () => 5,
        2_000,
      ),
      5,
    );
  });

  it("is free again after a failure, and takes over what is no lock", async () => {
    const lock = join(dir, "failed.lock");
    writeFileSync(lock, "{");
    const fail = async () => {
      throw new Error("inside");
    };
    await assert.rejects(
      withLock(lock, () => {}, fail),
      /inside/,
    );
    assert.ok(!existsSync(lock));
  });
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { nodeTests } from "./node-tests.ts";
import type { Outcome } from "./stage.ts";

const run = (names: string[], signal: AbortSignal = new AbortController().signal): Promise<Outcome> =>
  nodeTests(
    names.map((name) => join(import.meta.dirname, "fixtures", `${name}.test.ts`)),
    { concurrency: 1, testTimeoutMs: 5_000, fileTimeoutMs: 10_000 },
    { signal, timeoutMs: 60_000, progress: () => {} },
  );

describe("nodeTests", () => {
  it("is content with what passes", async () => {
    assert.deepEqual(await run(["good"]), {
      ok: true,
      tests: { passed: 1, failed: 0, skipped: 0 },
      output: "",
    });
  });

  it("counts tests, not suites, and shows what failed with its output", async () => {
    const { ok, tests, output } = await run(["mixed"]);
    assert.equal(ok, false);
    assert.deepEqual(tests, { passed: 2, failed: 1, skipped: 1 });
    assert.match(output, /✗ fails\n {2}tools\/test\/fixtures\/mixed\.test\.ts:6\n[\s\S]*1 !== 2/);
    assert.match(output, /Output of tools\/test\/fixtures\/mixed\.test\.ts:\n {4}a word before the end/);
  });

  it("fails over a file that cannot be loaded", async () => {
    const { ok, tests, output } = await run(["broken", "good"]);
    assert.equal(ok, false);
    assert.deepEqual(tests, { passed: 1, failed: 1, skipped: 0 });
    assert.match(output, /cannot be loaded/);
  });

  it("fails over a file without a test, and over no file", async () => {
    const { ok, tests } = await run(["empty", "good"]);
    assert.equal(ok, false);
    assert.deepEqual(tests, { passed: 1, failed: 1, skipped: 0 });
    assert.equal((await run([])).ok, false);
  });

  it("ends a test that hangs, and its process", async () => {
    const { ok, tests, output } = await run(["hanging"]);
    assert.equal(ok, false);
    assert.ok((tests?.failed ?? 0) > 0);
    assert.match(output, /Still running after 10 s, and ended\. Active: .*Timeout/);
  });

  it("ends at once when it is aborted", async () => {
    const stop = new AbortController();
    const result = run(["hanging"], stop.signal);
    stop.abort();
    assert.equal((await result).ok, false);
  });
});

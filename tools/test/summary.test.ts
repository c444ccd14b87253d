import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judge } from "./forge-tests.ts";
import { summary } from "./summary.ts";

const stage = (
  name: string,
  passed: number,
  failed: number,
  skipped: number,
): Parameters<typeof summary>[0][0] => ({
  name,
  elapsedMs: 1234,
  outcome: { ok: failed === 0, output: "", tests: { passed, failed, skipped } },
});
const lint = { name: "lint", elapsedMs: 5, outcome: { ok: false, output: "x" } };

describe("summary", () => {
  it("ends with the total, alone on its line", () => {
    const text = summary([lint, stage("unit", 10, 0, 0), stage("e2e", 2, 1, 0)]);
    assert.equal(text.split("\n").at(-1), "12 passed, 1 failed");
    assert.match(text, /Failed: lint, e2e\n\n12 passed/);
  });

  it("mentions skipped tests only if there are any", () => {
    assert.equal(
      summary([stage("unit", 1, 0, 2)])
        .split("\n")
        .at(-1),
      "1 passed, 0 failed, 2 skipped",
    );
  });
});

describe("judge", () => {
  const result = (status: string): { status: string; reason: null } => ({ status, reason: null });

  it("counts forge's report", () => {
    const suite = { a: result("Success"), b: result("Failure"), c: result("Skipped") };
    const { ok, tests, output } = judge({ S: { test_results: suite } }, 1);
    assert.deepEqual({ ok, tests }, { ok: false, tests: { passed: 1, failed: 1, skipped: 1 } });
    assert.match(output, /✗ b\n {2}S/);
  });

  it("fails if forge did, or ran nothing", () => {
    assert.equal(judge({ S: { test_results: { a: result("Success") } } }, 0).ok, true);
    assert.equal(judge({ S: { test_results: { a: result("Success") } } }, 1).ok, false);
    assert.equal(judge({}, 0).ok, false);
    assert.equal(judge({}, 0).tests?.failed, 1);
  });
});

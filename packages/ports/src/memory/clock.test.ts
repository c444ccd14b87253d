import assert from "node:assert/strict";
import { test } from "node:test";
import { clockCompliance } from "../compliance/clock.ts";
import { createManualClock } from "./clock.ts";

clockCompliance("manual", {
  async setup() {
    const clock = createManualClock(1_700_000_000_000);
    return { clock, pass: (ms) => clock.advance(ms), teardown: async () => {} };
  },
});

test("stands still until it is told to go on", async () => {
  const clock = createManualClock(5);
  const slept = clock.sleep(10);
  assert.equal(clock.nowMs(), 5);
  assert.equal(clock.sleepers, 1);
  await clock.advance(10);
  await slept;
  assert.equal(clock.nowMs(), 15);
  assert.equal(clock.sleepers, 0);
});

test("wakes each sleeper at its own time, also one that lies down again", async () => {
  const clock = createManualClock(0);
  const seen: string[] = [];
  async function every(name: string, ms: number): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await clock.sleep(ms);
      seen.push(`${name}${clock.nowMs()}`);
    }
  }
  const done = Promise.all([every("a", 10), every("b", 15)]);
  await clock.advance(45);
  await done;
  // At 30 both are due; b lay down first.
  assert.deepEqual(seen, ["a10", "b15", "a20", "b30", "a30", "b45"]);
});

test("refuses to go back, and a sleeper that turns in a circle", async () => {
  const clock = createManualClock(0);
  for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    await assert.rejects(clock.advance(ms), { code: "bad-argument" });
  }
  const leave = new AbortController();
  const turn = async (): Promise<void> => {
    for (;;) await clock.sleep(Number.MIN_VALUE, leave.signal);
  };
  const turning = turn();
  await assert.rejects(clock.advance(1), { code: "limit-exceeded" });
  leave.abort("enough");
  await assert.rejects(turning, (reason) => reason === "enough");
});

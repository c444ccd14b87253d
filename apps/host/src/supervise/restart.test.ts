import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { bounds } from "../bounds.ts";
import { onDeath, type DeathRecord } from "./restart.ts";

function die(times: readonly number[]): ReturnType<typeof onDeath>[] {
  let deaths: DeathRecord = [];
  return times.map((at) => {
    const decision = onDeath(deaths, at);
    deaths = decision.deaths;
    return decision;
  });
}

test("waits grow and end", () => {
  const actions = die(Array.from({ length: bounds.restarts + 1 }, (_, i) => i)).map((each) => each.action);
  assert.deepEqual(actions[0], { type: "restart", waitMs: bounds.restartFirstMs });
  assert.deepEqual(actions[1], { type: "restart", waitMs: 2 * bounds.restartFirstMs });
  assert.deepEqual(actions.at(-1), { type: "give-up" });
});

test("deaths long ago are forgotten", () => {
  const times = Array.from({ length: 20 }, (_, i) => i * bounds.restartWindowMs);
  for (const { action, deaths } of die(times)) {
    assert.deepEqual(action, { type: "restart", waitMs: bounds.restartFirstMs });
    assert.equal(deaths.length, 1);
  }
});

test("whatever happens, waits stay in bounds and never more restarts than the bound fall into one window", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60_000), { maxLength: 60 }), (gaps) => {
      let now = 0;
      const times = gaps.map((gap) => (now += gap));
      const restarts: number[] = [];
      for (const [i, { action }] of die(times).entries()) {
        if (action.type === "give-up") break;
        assert.ok(action.waitMs >= bounds.restartFirstMs && action.waitMs <= bounds.restartMaxMs);
        restarts.push(times[i] as number);
      }
      for (const at of restarts) {
        const inWindow = restarts.filter((other) => other <= at && at - other < bounds.restartWindowMs);
        assert.ok(inWindow.length <= bounds.restarts);
      }
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { clockCompliance } from "@lichen/ports/compliance";
import { systemClock } from "./clock.ts";

clockCompliance("system", {
  async setup() {
    const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    return { clock: systemClock, pass, teardown: async () => {} };
  },
});

test("tells the time", () => {
  assert.ok(Math.abs(systemClock.nowMs() - Date.now()) < 1000);
});

test("leaves no listener on a signal that outlives many sleeps", async () => {
  const { signal } = new AbortController();
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warn);
  for (let i = 0; i < 20; i++) await systemClock.sleep(1, signal);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", warn);
  assert.deepEqual(warnings, []);
});

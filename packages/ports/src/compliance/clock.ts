import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Clock } from "../clock.ts";

/** What the suite runs against; `pass` lets at least so much time go by. */
export type ClockSubject = { clock: Clock; pass: (ms: number) => Promise<void>; teardown(): Promise<void> };

/** Registers the tests that every `Clock` passes. They take under a second of real time. */
export function clockCompliance(name: string, options: { setup(): Promise<ClockSubject> }): void {
  describe(`${name}: a clock`, () => {
    let subject: ClockSubject;
    beforeEach(async () => {
      subject = await options.setup();
    });
    afterEach(() => subject.teardown());

    test("goes forward while time passes", async () => {
      const startMs = subject.clock.nowMs();
      await subject.pass(30);
      assert.ok(subject.clock.nowMs() >= startMs + 29);
    });

    test("sleeps for as long as it was told", async () => {
      const { clock, pass } = subject;
      const startMs = clock.nowMs();
      const slept = clock.sleep(40).then(() => clock.nowMs());
      await pass(60);
      // A millisecond of grace: two clocks of one machine round differently.
      assert.ok((await slept) >= startMs + 39);
    });

    test("wakes sleepers in the order they are due", async () => {
      const { clock, pass } = subject;
      const order: string[] = [];
      const slept = [30, 10, 20].map((ms) => clock.sleep(ms).then(() => order.push(`${ms}`)));
      slept.push(clock.sleep(0).then(() => order.push("0")));
      await pass(50);
      await Promise.all(slept);
      assert.deepEqual(order, ["0", "10", "20", "30"]);
    });

    test("does not wake before its time, however far that is", async () => {
      const { clock, pass } = subject;
      const controller = new AbortController();
      let woken = 0;
      const asleep = [2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY].map((ms) =>
        clock.sleep(ms, controller.signal).then(
          () => woken++,
          (error: unknown) => error,
        ),
      );
      await pass(30);
      assert.equal(woken, 0);
      controller.abort("enough");
      assert.deepEqual(await Promise.all(asleep), ["enough", "enough", "enough"]);
    });

    test("stops sleeping with the signal's reason", async () => {
      const { clock } = subject;
      const reason = new Error("changed my mind");
      const controller = new AbortController();
      const asleep = clock.sleep(60_000, controller.signal);
      controller.abort(reason);
      await assert.rejects(asleep, reason);
      await assert.rejects(clock.sleep(0, controller.signal), reason);
    });

    test("takes a time in the past for now and refuses what is no time", async () => {
      await subject.clock.sleep(-5);
      await assert.rejects(subject.clock.sleep(Number.NaN), { code: "bad-argument" });
    });
  });
}

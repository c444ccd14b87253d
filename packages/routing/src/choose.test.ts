import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  closedBreaker,
  failed,
  failuresToOpen,
  isAvailable,
  openForMaxMs,
  openForMs,
  rank,
  type Candidate,
} from "./index.ts";

const candidate = (change: Partial<Candidate> = {}): Candidate => ({
  price: { inputUnitsPerMTok: 100n, outputUnitsPerMTok: 400n },
  slots: 4,
  inFlight: 0,
  breaker: closedBreaker,
  lastChosenAtMs: 0,
  ...change,
});

describe("rank", () => {
  it("prefers the cheaper of two idle providers", () => {
    const cheap = candidate({ price: { inputUnitsPerMTok: 50n, outputUnitsPerMTok: 200n } });
    assert.equal(rank([candidate(), cheap], 0)[0], cheap);
  });
  it("shares work among equals", () => {
    const providers = [candidate(), candidate(), candidate()];
    const served = new Map(providers.map((provider) => [provider, 0]));
    for (let at = 1; at <= 300; at++) {
      const first = rank(providers, at)[0] as Candidate;
      first.lastChosenAtMs = at;
      served.set(first, (served.get(first) as number) + 1);
    }
    assert.deepEqual([...served.values()], [100, 100, 100]);
  });
  it("does not bury a cheap provider", () => {
    const cheap = candidate({ price: { inputUnitsPerMTok: 80n, outputUnitsPerMTok: 320n }, inFlight: 8 });
    assert.notEqual(rank([candidate(), cheap], 0)[0], cheap);
  });
  it("leaves out those behind an open breaker, and only those", () => {
    const breakers = fc.record({ failures: fc.nat(9), openUntilMs: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(breakers), fc.nat(100), (all, nowMs) => {
        const ranked = rank(
          all.map((breaker) => candidate({ breaker })),
          nowMs,
        );
        assert.equal(ranked.length, all.filter(({ openUntilMs }) => openUntilMs <= nowMs).length);
      }),
    );
  });
});

describe("a breaker", () => {
  it("opens after a few failures in a row, longer each time, bounded", () => {
    let breaker = closedBreaker;
    const waits: number[] = [];
    for (let i = 1; i <= 20; i++) {
      breaker = failed(breaker, 1000);
      assert.equal(isAvailable(breaker, 1000), i < failuresToOpen);
      if (i >= failuresToOpen) waits.push(breaker.openUntilMs - 1000);
    }
    assert.deepEqual(waits.slice(0, 3), [openForMs, 2 * openForMs, 4 * openForMs]);
    assert.equal(Math.max(...waits), openForMaxMs);
    assert.equal(isAvailable(breaker, 1000 + openForMaxMs), true);
  });
});

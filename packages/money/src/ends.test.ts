import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LichenError, toHex, utf8, type Hex } from "@lichen/kernel";
import { keccak, receiptsRoot } from "@lichen/wire";
import {
  abandoned,
  admit,
  checkWindow,
  closeWindow,
  forfeited,
  maxCreditRequests,
  openAccount,
  paid,
  prepayment,
  promised,
  served,
  topUpUnits,
  voucherUnits,
  worstCase,
  type ChannelAccount,
  type PricedLeaf,
} from "./index.ts";

const id: Hex = `0x${"11".repeat(32)}`;
const deposit = 10_000n;

type Event =
  | { type: "ask"; maxCost: bigint; cost: bigint; end: "leaf" | "none" | "unheard" }
  | { type: "settle"; share: number }
  | { type: "topUp" };

const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: ask() },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant("settle" as const),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("topUp" as const) }) },
  ),
  { maxLength: 200 },
);

function ask(): fc.Arbitrary<Event> {
  return fc
    .record({
      maxCost: fc.bigInt(0n, 400n),
      part: fc.integer({ min: 0, max: 100 }),
      end: fc.constantFrom("leaf", "leaf", "leaf", "none", "unheard"),
    })
    .map(({ maxCost, part, end }) => ({
      type: "ask",
      maxCost,
      cost: (maxCost * BigInt(part)) / 100n,
      end: end as "leaf",
    }));
}

/** Payer and payee of one channel, fed with the same events as they would meet them. */
function twoEnds() {
  let payer = openAccount(deposit);
  let payee = openAccount(deposit);
  const known = new Map<Hex, bigint>();
  let open: PricedLeaf[] = [];
  let last = 0;
  let made = 0;

  return {
    run(event: Event): void {
      if (event.type === "topUp") {
        const missing = topUpUnits(payer, deposit);
        payer = { ...payer, depositUnits: payer.depositUnits + missing };
        payee = { ...payee, depositUnits: payee.depositUnits + missing };
      } else if (event.type === "settle") settle(event.share);
      else request(event);
    },
    ends: (): [ChannelAccount, ChannelAccount] => [payer, payee],
    owed: (): bigint => open.reduce((sum, leaf) => sum + leaf.costUnits, 0n),
  };

  function request({ maxCost, cost, end }: Extract<Event, { type: "ask" }>): void {
    const advance = prepayment(payer, maxCost);
    try {
      if (advance !== undefined && advance <= payer.depositUnits) payer = promised(payer, advance);
      payer = admit(payer, maxCost);
    } catch (error) {
      assert.ok(error instanceof LichenError && error.retryable, String(error));
      return;
    }
    if (payer.promisedUnits > payee.promisedUnits) payee = promised(payee, payer.promisedUnits);
    try {
      payee = admit(payee, maxCost);
    } catch (error) {
      // What the payer admits the payee must too, unless it waits for money the payer knows nothing of.
      assert.ok(
        open.some(({ hash }) => !known.has(hash)),
        String(error),
      );
      payer = abandoned(payer, maxCost);
      return;
    }
    if (end === "none") {
      payer = abandoned(payer, maxCost);
      payee = abandoned(payee, maxCost);
      return;
    }
    const leaf = { hash: toHex(keccak(utf8(`leaf ${made++}`))), costUnits: cost };
    payee = served(payee, maxCost, cost);
    open.push(leaf);
    if (end === "unheard") payer = abandoned(payer, maxCost);
    else {
      payer = served(payer, maxCost, cost);
      known.set(leaf.hash, cost);
    }
  }

  function settle(share: number): void {
    const leaves = open.slice(0, Math.ceil(share * open.length));
    if (leaves.length === 0) return;
    const window = { ...closeWindow(payee, id, ++last, leaves), signature: "0x" as Hex };
    const lost = leaves.filter(({ hash }) => !known.has(hash));
    if (lost.length > 0) {
      const units = lost.reduce((sum, leaf) => sum + leaf.costUnits, 0n);
      payee = forfeited(payee, lost.length, units);
      payer = forfeited(payer, 0, 0n);
      open = open.filter((leaf) => !lost.includes(leaf));
      return;
    }
    checkWindow(payer, window, leaves);
    const units = voucherUnits(payer, window);
    payer = paid(payer, window, units);
    payee = paid(payee, window, units);
    open = open.filter((leaf) => !leaves.includes(leaf));
    for (const { hash } of leaves) known.delete(hash);
  }
}

describe("two ends of a channel", () => {
  it("agree after every event, and neither risks more than the rules say", () => {
    fc.assert(
      fc.property(events, (sequence) => {
        const channel = twoEnds();
        for (const event of sequence) {
          channel.run(event);
          const [payer, payee] = channel.ends();
          for (const member of [
            "consumedUnits",
            "promisedUnits",
            "windowNumber",
            "receiptsRoot",
            "creditRequests",
            "paidSinceGrowth",
            "depositUnits",
          ] as const) {
            assert.equal(payer[member], payee[member], member);
          }
          assert.equal(payee.unpaidUnits, channel.owed());
          assert.ok(payee.promisedUnits >= payee.consumedUnits, "what was consumed is promised");
          assert.ok(payee.promisedUnits <= payee.depositUnits, "what was promised is on deposit");
          assert.ok(worstCase(payee, 0n) <= payee.depositUnits, "what may still be owed is on deposit");
          assert.ok(payee.creditRequests <= maxCreditRequests);
          assert.equal(payee.inFlight, 0);
          assert.equal(payee.reservedUnits, 0n);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("never lend more requests than twice what was paid for", () => {
    fc.assert(
      fc.property(events, (sequence) => {
        const channel = twoEnds();
        let paidLeaves = 0;
        for (const event of sequence) {
          const before = channel.ends()[1].unpaidLeaves;
          channel.run(event);
          const { creditRequests, unpaidLeaves } = channel.ends()[1];
          if (event.type === "settle") paidLeaves += Math.max(0, before - unpaidLeaves);
          assert.ok(
            creditRequests <= 2 * Math.max(1, paidLeaves),
            `${creditRequests} after ${paidLeaves} paid`,
          );
        }
      }),
    );
  });
});

describe("a window", () => {
  const leaves: PricedLeaf[] = [1n, 2n, 3n].map((costUnits) => ({
    hash: toHex(keccak(utf8(`${costUnits}`))),
    costUnits,
  }));
  const account = { ...openAccount(deposit), unpaidLeaves: 3, unpaidUnits: 6n };
  const window = { ...closeWindow(account, id, 1, leaves), signature: "0x" as Hex };

  it("is refused when any member differs from what was served", () => {
    const other: Hex = `0x${"22".repeat(32)}`;
    for (const change of [
      { leavesRoot: other },
      { leafCount: 2 },
      { consumedUnits: 7n },
      { previousRoot: other },
    ]) {
      assert.throws(() => checkWindow(account, { ...window, ...change }, leaves), {
        code: "payment-rejected",
      });
    }
    checkWindow(account, window, leaves);
  });

  it("is refused when it was paid already", () => {
    const after = paid(account, window, 6n);
    assert.equal(after.receiptsRoot, receiptsRoot(window));
    assert.throws(() => checkWindow(after, window, leaves), { code: "payment-rejected" });
  });

  it("is not paid by a voucher below its cost, nor by one below the promise before", () => {
    assert.throws(() => paid(account, window, 5n), { code: "voucher-stale" });
    assert.throws(() => paid({ ...account, promisedUnits: 9n }, window, 8n), { code: "voucher-stale" });
  });
});

describe("a promise", () => {
  it("must rise, and stay within the deposit", () => {
    const account = promised(openAccount(deposit), 5n);
    assert.throws(() => promised(account, 5n), { code: "voucher-stale" });
    assert.throws(() => promised(account, 4n), { code: "voucher-stale" });
    assert.throws(() => promised(account, deposit + 1n), { code: "payment-rejected" });
  });
});

describe("admission", () => {
  it("ends with a pending withdrawal", () => {
    assert.throws(() => admit({ ...openAccount(deposit), withdrawing: true, creditRequests: 8 }, 1n), {
      code: "payment-rejected",
    });
  });
  it("refuses an answer that costs more than was agreed", () => {
    const account = admit({ ...openAccount(deposit), creditRequests: 8 }, 10n);
    assert.throws(() => served(account, 10n, 11n), { code: "payment-rejected" });
  });
  it("refuses what the deposit does not cover", () => {
    assert.throws(() => admit({ ...openAccount(9n), creditRequests: 8 }, 10n), { code: "deposit-exhausted" });
  });
});

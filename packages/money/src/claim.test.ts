import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { claimableUnits, claimWorth, feeInUnits, isClaimDue } from "./claim.ts";

const units = fc.bigInt(0n, 1n << 96n);

describe("a claim", () => {
  it("is never sent at a loss", () => {
    fc.assert(
      fc.property(units, units, fc.boolean(), (claimable, fee, urgent) => {
        if (isClaimDue({ claimableUnits: claimable, feeUnits: fee, urgent })) assert.ok(claimable > fee);
      }),
    );
  });
  it("waits until it is worth its fee, unless it is urgent", () => {
    const situation = { claimableUnits: claimWorth * 10n - 1n, feeUnits: 10n };
    assert.equal(isClaimDue({ ...situation, urgent: false }), false);
    assert.equal(isClaimDue({ ...situation, urgent: true }), true);
    assert.equal(isClaimDue({ ...situation, claimableUnits: claimWorth * 10n, urgent: false }), true);
  });
  it("brings at most what is on deposit and not yet paid out", () => {
    fc.assert(
      fc.property(units, units, units, (voucher, deposit, claimed) => {
        const brought = claimableUnits(voucher, deposit, claimed);
        assert.ok(brought >= 0n && (brought === 0n || claimed + brought <= deposit));
        assert.ok(brought === 0n || claimed + brought <= voucher);
      }),
    );
  });
  it("rounds fees up", () => {
    assert.equal(feeInUnits(1n, 3_000_000_000n), 1n);
    assert.equal(feeInUnits(10n ** 18n, 3_000_000_000n), 3_000_000_000n);
    assert.equal(feeInUnits(0n, 3_000_000_000n), 0n);
  });
});

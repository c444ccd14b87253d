import { LichenError, limits, type Hex } from "@lichen/kernel";
import { maxClaims, type Claim } from "./ledger.ts";

/**
 * Whether the contracts can carry an amount.
 * @throws {LichenError} `bad-argument`
 */
export function checkUnits(units: bigint): void {
  if (units < 0n || units > limits.voucherUnits) {
    throw new LichenError("bad-argument", "an amount on the chain is a uint96", { details: String(units) });
  }
}

/**
 * Whether claims can go into one transaction of `account`; what the contract decides for itself is not asked here.
 * @throws {LichenError} `bad-argument`
 */
export function checkClaims(account: Hex, claims: readonly Claim[]): void {
  if (claims.length < 1 || claims.length > maxClaims) {
    throw new LichenError("bad-argument", `a claim holds 1 to ${maxClaims} vouchers`, {
      details: `${claims.length}`,
    });
  }
  for (const { key, voucher } of claims) {
    checkUnits(voucher.amountUnits);
    if (key.payee !== account) {
      throw new LichenError("bad-argument", "a payee claims its own vouchers only", {
        details: `payee ${key.payee}, account ${account}`,
      });
    }
  }
}

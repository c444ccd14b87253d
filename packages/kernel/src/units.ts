import { LichenError } from "./error.ts";

/**
 * An amount of the payment token as people read it.
 * @param units amount in the token's smallest unit
 * @param decimals the token's decimals
 * @example formatUnits(1_234_500n, 6) === "1.2345"
 */
export function formatUnits(units: bigint, decimals: number): string {
  const sign = units < 0n ? "-" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return sign + whole + (fraction === "" ? "" : `.${fraction}`);
}

/** Digits before or after the point: enough for any uint256. */
const maxDigits = 78;

/**
 * The smallest units behind a decimal amount.
 * @throws {LichenError} `bad-argument` where it is no plain decimal, has more places than the token or
 *   more than 78 digits
 * @example parseUnits("1.5", 6) === 1_500_000n
 */
export function parseUnits(text: string, decimals: number): bigint {
  if (text.length > 2 * maxDigits) throw new LichenError("bad-argument", "an amount of too many digits");
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (match === null) throw new LichenError("bad-argument", `not an amount: ${JSON.stringify(text)}`);
  const fraction = match[2] ?? "";
  if (fraction.length > decimals) {
    throw new LichenError("bad-argument", `${text} has more than ${decimals} decimal places`);
  }
  return BigInt((match[1] as string) + fraction.padEnd(decimals, "0"));
}

/** Division that rounds up; money that is owed is never rounded away. Both arguments non-negative. */
export function ceilDiv(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

import { z } from "zod";
import { limits, type Hex } from "@lichen/kernel";
import { leafBytes } from "./leaf.ts";

const hex = (bytes: number): z.ZodType<Hex> =>
  z
    .string()
    .regex(
      new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`),
      `expected ${bytes} bytes in lower-case hexadecimal`,
    ) as unknown as z.ZodType<Hex>;

/** 20 bytes, lower case: an account on the chain. */
export const addressSchema: z.ZodType<Hex> = hex(20);
/** 32 bytes: a digest, a channel id, a salt. */
export const digestSchema: z.ZodType<Hex> = hex(32);
/** 65 bytes: r, s, v of a secp256k1 signature. */
export const signatureSchema: z.ZodType<Hex> = hex(65);

/** An encoded leaf. */
export const leafSchema: z.ZodType<Hex> = hex(leafBytes);

/** Text without half a surrogate pair, so that its UTF-8 is the text and nothing else. */
export function textSchema(maxChars: number): z.ZodType<string> {
  return z
    .string()
    .max(maxChars)
    .refine((text) => text.isWellFormed(), "text holds half a surrogate pair");
}

/** Printable ASCII: safe in logs and on terminals. */
export function asciiSchema(maxChars: number): z.ZodType<string> {
  return z
    .string()
    .regex(
      new RegExp(`^[\\x20-\\x7e]{1,${maxChars}}$`),
      `expected 1 to ${maxChars} printable ASCII characters`,
    );
}

/** An amount in smallest units: decimal string on the wire, `bigint` in the program; uint96. */
export const unitsSchema: z.ZodType<bigint, string> = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,28})$/, "expected a decimal integer")
  .transform((text) => BigInt(text))
  .refine((units) => units <= limits.voucherUnits, "more than a voucher can carry");

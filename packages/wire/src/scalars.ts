import { z } from "zod";
import { limits, type Hex } from "@lichen/kernel";

const hex = (bytes: number): z.ZodType<Hex> =>
  z.string().regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`), `expected ${bytes} bytes in lower-case hexadecimal`) as unknown as z.ZodType<Hex>;

/** 20 bytes, lower case: an account on the chain. */
export const addressSchema: z.ZodType<Hex> = hex(20);
/** 32 bytes: a digest, a channel id, a salt. */
export const digestSchema: z.ZodType<Hex> = hex(32);
/** 65 bytes: r, s, v of a secp256k1 signature. */
export const signatureSchema: z.ZodType<Hex> = hex(65);

/** An amount in smallest units: decimal string on the wire, `bigint` in the program; uint96. */
export const unitsSchema: z.ZodType<bigint, string> = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,28})$/, "expected a decimal integer")
  .transform((text) => BigInt(text))
  .refine((units) => units <= limits.voucherUnits, "more than a voucher can carry");

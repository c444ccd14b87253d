import { z } from "zod";
import { ceilDiv } from "@lichen/kernel";
import { unitsSchema } from "./scalars.ts";

/** Units of the payment token per million tokens. */
export type Price = { inputUnitsPerMTok: bigint; outputUnitsPerMTok: bigint };

/** Schema of a price in a message. */
export const priceSchema: z.ZodType<Price, unknown> = z.strictObject({
  inputUnitsPerMTok: unitsSchema,
  outputUnitsPerMTok: unitsSchema,
});

const million = 1_000_000n;

/** What an answer costs, rounded up to a whole unit once, over input and output together. */
export function costUnits(price: Price, promptTokens: number, completionTokens: number): bigint {
  return ceilDiv(
    price.inputUnitsPerMTok * BigInt(promptTokens) + price.outputUnitsPerMTok * BigInt(completionTokens),
    million,
  );
}

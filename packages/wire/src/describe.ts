import { z } from "zod";
import { offerSchema, type Offer } from "./offer.ts";

/** Gateway to provider (method `describe`): what do you serve? Has no members of its own. */
export const describeRequestSchema: z.ZodType<object, unknown> = z.object({});

/** The provider's offers at this moment. */
export type DescribeResponse = { offers: Offer[] };

/** Schema of `DescribeResponse`. */
export const describeResponseSchema: z.ZodType<DescribeResponse, unknown> = z.object({
  offers: z.array(offerSchema).max(64),
});

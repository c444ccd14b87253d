import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { receiptSchema, type Receipt } from "@lichen/wire";
import { get, parse, type Access } from "./client.ts";

/** How far the payment of an answer has come. */
export type ReceiptStatus = { status: "served" | "signed" | "paid"; receipt?: Receipt | undefined };

const statusSchema: z.ZodType<ReceiptStatus, unknown> = z.object({
  status: z.enum(["served", "signed", "paid"]),
  receipt: receiptSchema.optional(),
});

/** Asks the gateway for a receipt, by the path that the answer named. */
export async function receiptStatus(
  access: Access,
  path: string,
  signal?: AbortSignal,
): Promise<ReceiptStatus> {
  return parse(statusSchema, await get(access, path, signal), "the receipt");
}

const pollMs = 200;

/** Waits until the chain shows the payment, at most `forMs`; the last status seen. */
export async function waitForPayment(
  access: Access,
  path: string,
  forMs: number,
  signal?: AbortSignal,
): Promise<ReceiptStatus> {
  const deadline = performance.now() + forMs;
  for (;;) {
    const seen = await receiptStatus(access, path, signal);
    if (seen.status === "paid" || performance.now() > deadline) return seen;
    await sleep(pollMs, undefined, signal === undefined ? {} : { signal });
  }
}

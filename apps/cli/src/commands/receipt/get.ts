import { writeFileSync } from "node:fs";
import { LichenError, stringify } from "@lichen/kernel";
import { receiptStatus } from "../../client/payment.ts";
import { exitCodes } from "../../exit-codes.ts";
import { createOutput } from "../../output/output.ts";
import { gatewayOf, type CommonOptions } from "../running.ts";

/** Options of `lichen receipt get`. */
export type ReceiptGetOptions = CommonOptions & { output?: string };

/** Fetches a receipt from the gateway, to a file or to standard output. */
export async function receiptGet(id: string, options: ReceiptGetOptions): Promise<number> {
  const out = createOutput(options.json ?? false);
  const { status, receipt } = await receiptStatus(
    gatewayOf(options),
    `/v1/receipts/${encodeURIComponent(id)}`,
  );
  if (receipt === undefined) {
    throw new LichenError("receipt-invalid", `the answer ${id} is not in a signed window yet`, {
      details: `status ${status}`,
      remedy: "try again in a moment",
      retryable: true,
    });
  }
  const text = `${stringify(receipt)}\n`;
  if (options.output === undefined) {
    process.stdout.write(text);
    return exitCodes.ok;
  }
  try {
    writeFileSync(options.output, text);
  } catch (cause) {
    throw new LichenError("bad-argument", `cannot write ${options.output}`, {
      details: (cause as Error).message,
      cause,
    });
  }
  out.data({ event: "receipt", id, status, file: options.output });
  out.line(
    `Wrote ${options.output}: ${status}${status === "paid" ? "" : "; get it again later for its payment"}`,
  );
  return exitCodes.ok;
}

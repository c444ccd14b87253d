import { readFileSync, statSync } from "node:fs";
import { LichenError } from "@lichen/kernel";
import { receiptSchema, verifyReceipt, type Leaf, type Receipt } from "@lichen/wire";
import { homeAt, runningNetwork } from "@lichen/host";
import { parse } from "../../client/client.ts";
import { homeDir } from "../../defaults.ts";
import { exitCodes } from "../../exit-codes.ts";
import { createOutput, type Output } from "../../output/output.ts";
import { printable } from "../../output/printable.ts";
import type { CommonOptions } from "../running.ts";
import { confirmPayment } from "./confirm-payment.ts";

/** Options of `lichen receipt verify`. */
export type ReceiptVerifyOptions = CommonOptions & { rpc?: string };

/** A receipt has a few kilobytes; a window's path adds 32 times 66 characters at most. */
const maxBytes = 1 << 20;

/** Checks a receipt offline, and where a chain can be reached also its payment there. */
export async function receiptVerify(file: string, options: ReceiptVerifyOptions): Promise<number> {
  const out = createOutput(options.json ?? false);
  const receipt = readReceipt(file);
  const leaf = verifyReceipt(receipt);
  assertCovered(receipt);
  printFacts(receipt, leaf, out);

  const { payment, domain } = receipt;
  const running = runningNetwork(homeAt(homeDir(options.home)));
  const rpc = options.rpc ?? (running?.chain?.chainId === domain.chainId ? running.chain.rpcUrl : undefined);
  const confirmed = payment !== undefined && rpc !== undefined;
  if (confirmed) await confirmPayment(receipt, payment, rpc);
  out.data({ event: "verified", id: receipt.id, leaf, payment, confirmedOnChain: confirmed });
  if (payment === undefined) {
    out.line(
      `${out.style("yellow", "!")} not claimed when this receipt was made: what pays it is the signed voucher`,
    );
  } else if (confirmed) {
    out.line(
      `${out.style("green", "✔")} chain ${domain.chainId} has that transaction, and it paid this channel`,
    );
  } else {
    out.line(
      `${out.style("yellow", "!")} that transaction was not looked up: chain ${domain.chainId} is not running here (--rpc URL)`,
    );
  }
  return exitCodes.ok;
}

function readReceipt(file: string): Receipt {
  let text: string;
  try {
    if (statSync(file).size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new LichenError("bad-argument", `${file} cannot be read`, {
      details: (cause as Error).message,
      cause,
    });
  }
  try {
    return parse(receiptSchema, text, file);
  } catch (cause) {
    const { message, details } = cause as LichenError;
    throw new LichenError("receipt-invalid", `${file} is not a receipt`, {
      details: details ?? message,
      remedy: "get one with `lichen receipt get ID -o FILE`",
      cause,
    });
  }
}

function assertCovered({ payment, window }: Receipt): void {
  if (payment === undefined || payment.claimedUnits >= window.consumedUnits) return;
  throw new LichenError("receipt-invalid", "the payment named does not reach as far as this answer", {
    details: `claimed ${payment.claimedUnits} units, consumed ${window.consumedUnits} by the end of its window`,
  });
}

function printFacts({ key, model, window, voucher, payment }: Receipt, leaf: Leaf, out: Output): void {
  const good = (text: string): void => out.line(`${out.style("green", "✔")} ${text}`);
  const when = new Date(leaf.startedAtMs).toISOString();
  good(
    `answered by ${key.payee} at ${when} in ${leaf.durationMs} ms: ${leaf.promptTokens} + ${leaf.completionTokens} tokens, ended by ${leaf.finishReason}`,
  );
  out.line(`  model ${printable(model.name)} ${model.id}`);
  good(`its leaf is one of ${window.leafCount} in window ${window.number}, which the provider signed`);
  good(
    `the payer ${key.payer} signed a voucher of ${voucher.amountUnits} units for that history; this answer cost ${leaf.costUnits}`,
  );
  if (payment !== undefined) {
    good(
      `paid by transaction ${payment.transaction} in block ${payment.blockNumber}, which brought the channel to ${payment.claimedUnits} units`,
    );
  }
}

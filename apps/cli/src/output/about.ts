import type { Receipt } from "@lichen/wire";
import type { Answered } from "../client/client.ts";
import type { Output } from "./output.ts";
import { printable } from "./printable.ts";

const label = (out: Output, text: string): string => out.style("dim", text.padEnd(9));

/** Who answered and what it cost, one fact a line. */
export function aboutLines(
  { about, promptTokens, completionTokens, firstTokenMs, totalMs }: Answered,
  out: Output,
): string[] {
  if (about === undefined) return ["The gateway did not say who answered"];
  const generatingMs = totalMs - firstTokenMs;
  const rate =
    generatingMs > 0 && completionTokens > 1
      ? `, ${Math.round(((completionTokens - 1) * 1000) / generatingMs)} tokens/s`
      : "";
  return [
    `${label(out, "provider")}${printable(about.provider)}`,
    `${label(out, "model")}${printable(about.model.name)} ${out.style("dim", about.model.id)}`,
    `${label(out, "cost")}${costText(about.cost)} for ${promptTokens} + ${completionTokens} tokens${rate}`,
  ];
}

const costText = ({ amount, symbol }: { amount: string; symbol: string }): string =>
  printable(`${amount} ${symbol}`);

/** How far the payment has come. */
export function paymentLine(
  status: string,
  receipt: Receipt | undefined,
  afterMs: number,
  out: Output,
): string {
  const payment = receipt?.payment;
  if (payment !== undefined) {
    const after = `${(afterMs / 1000).toFixed(1)} s after the answer`;
    return `${label(out, "paid")}${out.style("green", payment.transaction)} in block ${payment.blockNumber}, ${after}`;
  }
  const words: Record<string, string> = {
    served: "not yet: the provider has not closed the window that holds this answer",
    signed: "promised by a signed voucher; not claimed on the chain yet",
  };
  return `${label(out, "paid")}${words[status] ?? printable(status)}`;
}

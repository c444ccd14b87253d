import type { RunInfo } from "@lichen/host";
import { toLichenError } from "@lichen/kernel";
import { ask, type Answered } from "../../client/client.ts";
import { waitForPayment } from "../../client/payment.ts";
import { aboutLines, paymentLine } from "../../output/about.ts";
import type { Output } from "../../output/output.ts";
import { printable } from "../../output/printable.ts";

const question = "What is a lichen?";
const maxTokens = 96;
/** A provider claims within seconds; what takes longer is said, not waited for. */
const paymentMs = 20_000;

/** Asks a first question through the gateway as any client would, and shows the way of its payment. */
export async function askOnce(info: RunInfo, out: Output, signal: AbortSignal): Promise<void> {
  const access = { url: info.url ?? "", apiKey: info.apiKey };
  out.line(`\n${out.style("dim", "You      ")}${question}`);
  out.write(out.style("dim", "Lichen   "));
  let answered: Answered;
  try {
    const messages = [{ role: "user", content: question }] as const;
    // Some models begin with empty lines.
    let begun = false;
    const show = (text: string): void => {
      const shown = begun ? text : text.trimStart();
      begun ||= shown !== "";
      out.write(printable(shown).replaceAll("\n", "\n         "));
    };
    answered = await ask(access, { messages, maxTokens }, show, signal);
  } finally {
    out.line();
  }
  const { about, text, firstTokenMs, totalMs, promptTokens, completionTokens } = answered;
  const sinceStartMs = Date.now() - info.startedAtMs;
  out.data({
    event: "answer",
    question,
    text,
    promptTokens,
    completionTokens,
    firstTokenMs,
    totalMs,
    sinceStartMs,
    lichen: about,
  });
  out.line();
  for (const line of aboutLines(answered, out)) out.line(line);
  if (about === undefined) return;
  const askedAt = performance.now();
  try {
    const { status, receipt } = await waitForPayment(access, about.receipt, paymentMs, signal);
    const ms = Math.round(performance.now() - askedAt);
    out.data({
      event: "payment",
      status,
      ms,
      receipt: about.receipt,
      transaction: receipt?.payment?.transaction,
    });
    out.line(paymentLine(status, receipt, ms, out));
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    // The answer stands; that its payment cannot be shown is worth a line.
    out.line(`${out.style("yellow", "!")} ${toLichenError(thrown).message}`);
  }
}

import { createInterface } from "node:readline/promises";
import { LichenError } from "@lichen/kernel";
import { ask, type Access, type Answered, type Turn } from "../client/client.ts";
import { waitForPayment } from "../client/payment.ts";
import { exitCodes } from "../exit-codes.ts";
import { aboutLines, paymentLine } from "../output/about.ts";
import { createOutput, type Output } from "../output/output.ts";
import { printError } from "../output/print-error.ts";
import { printable } from "../output/printable.ts";
import { gatewayOf, type CommonOptions } from "./running.ts";

/** Options of `lichen chat`. */
export type ChatOptions = CommonOptions & {
  model?: string;
  maxTokens?: number;
  temperature?: number;
  system?: string;
};

/** A conversation's answers are shown as paid when that is known this soon; later it is one `receipt get` away. */
const paymentMs = 5_000;

/** Asks one question, or holds a conversation where none is given and a terminal is there. */
export async function chat(prompt: string | undefined, options: ChatOptions): Promise<number> {
  const out = createOutput(options.json ?? false);
  const access = gatewayOf(options);
  const turns: Turn[] = options.system === undefined ? [] : [{ role: "system", content: options.system }];
  const given = prompt ?? (process.stdin.isTTY ? undefined : await readStdin());
  if (given === undefined) return converse(access, turns, options, out);
  if (given.trim() === "") throw new LichenError("bad-argument", "the question is empty");
  return oneTurn(access, [...turns, { role: "user", content: given }], options, out).then(() => exitCodes.ok);
}

/** Answers one question; Ctrl-C ends the answer, not the program, where one goes on afterwards. */
async function oneTurn(
  access: Access,
  messages: readonly Turn[],
  options: ChatOptions,
  out: Output,
): Promise<Answered> {
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort(new LichenError("cancelled", "stopped"));
  process.once("SIGINT", onInterrupt);
  try {
    const { model, maxTokens, temperature } = options;
    const answered = await ask(
      access,
      { messages, model, maxTokens, temperature },
      (text) => out.write(printable(text)),
      stop.signal,
    );
    out.line("\n");
    for (const line of aboutLines(answered, out)) out.line(line);
    const { about, text, finishReason, promptTokens, completionTokens, firstTokenMs, totalMs } = answered;
    const startedAt = performance.now();
    const payment =
      about === undefined ? undefined : await waitForPayment(access, about.receipt, paymentMs, stop.signal);
    const facts = {
      text,
      finishReason,
      promptTokens,
      completionTokens,
      firstTokenMs,
      totalMs,
      lichen: about,
    };
    out.data({ ...facts, payment: payment?.status, transaction: payment?.receipt?.payment?.transaction });
    if (payment !== undefined)
      out.line(paymentLine(payment.status, payment.receipt, performance.now() - startedAt, out));
    if (about !== undefined) out.line(out.style("dim", `receipt  ${about.receipt.split("/").at(-1)}`));
    return answered;
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

async function converse(access: Access, turns: Turn[], options: ChatOptions, out: Output): Promise<number> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  out.line(
    out.style("dim", "An empty line or Ctrl-D leaves, /new forgets what was said, Ctrl-C stops an answer"),
  );
  const system = [...turns];
  try {
    for (;;) {
      const question = await terminal.question(out.style("bold", "\n> ")).catch(() => "");
      if (question.trim() === "") return exitCodes.ok;
      if (question.trim() === "/new") {
        turns = [...system];
        continue;
      }
      terminal.pause();
      try {
        const { text } = await oneTurn(access, [...turns, { role: "user", content: question }], options, out);
        turns.push({ role: "user", content: question }, { role: "assistant", content: text });
      } catch (error) {
        printError(error, out.json);
      }
      terminal.resume();
    }
  } finally {
    terminal.close();
  }
}

const maxInputChars = 262_144;

async function readStdin(): Promise<string> {
  let text = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > maxInputChars)
      throw new LichenError("limit-exceeded", `the question is longer than ${maxInputChars} characters`);
  }
  return text;
}

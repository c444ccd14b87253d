import { fromHex, LichenError, toHex, toLichenError, type ErrorCode, type Hex } from "@lichen/kernel";
import { abandoned, admit } from "@lichen/money";
import {
  assertSigned,
  costUnits,
  decodeMessage,
  digestOfRequest,
  encodeLeaf,
  encodeMessage,
  inferRequestSchema,
  leafHash,
  outputDigest,
  voucherDigest,
  type FinishReason,
  type InferRequest,
} from "@lichen/wire";
import type { Incoming } from "@lichen/ports";
import type { PayeeChannel, UnpaidLeaf } from "./channel.ts";
import type { Context } from "./context.ts";

/** Answers `infer`: checks the money, runs the engine, ends with the leaf. */
export async function infer(
  context: Context,
  incoming: Incoming,
  send: (item: Uint8Array) => Promise<void>,
): Promise<void> {
  const request = decodeMessage(inferRequestSchema, incoming.body, "infer");
  const channel = await admitted(context, request, incoming.peer.account);
  const cancel = new AbortController();
  const running = `${incoming.peer.account}/${request.id}`;
  context.running.set(running, cancel);
  let reserved = true;
  try {
    const leaf = await answer(context, request, AbortSignal.any([incoming.signal, cancel.signal]), send);
    incoming.signal.throwIfAborted(); // nobody is there to take the leaf, so nobody will pay for it
    reserved = false;
    await context.book.served(channel, request.maxCostUnits, leaf);
    await send(encodeMessage({ type: "leaf", leaf: leaf.bytes }));
  } finally {
    if (reserved) channel.account = abandoned(channel.account, request.maxCostUnits);
    context.running.delete(running);
  }
  context.windows.look(channel);
}

/** The channel that pays for the request, with room made for it. */
async function admitted(context: Context, request: InferRequest, payer: Hex): Promise<PayeeChannel> {
  const { engine, options, book, ledger } = context;
  if (request.model !== engine.model.id)
    throw new LichenError("model-unknown", `we do not serve model ${request.model}`, { retryable: true });
  const { inputUnitsPerMTok, outputUnitsPerMTok } = options.price;
  if (
    request.price.inputUnitsPerMTok < inputUnitsPerMTok ||
    request.price.outputUnitsPerMTok < outputUnitsPerMTok
  ) {
    throw new LichenError("payment-rejected", "the price is below our offer", { retryable: true });
  }
  const channel = book.channels.get(request.channelId);
  if (channel === undefined)
    throw new LichenError("channel-unknown", "announce the channel first", { retryable: true });
  if (channel.key.payer !== payer)
    throw new LichenError("payment-rejected", "the channel belongs to another payer");
  if (channel.closing)
    throw new LichenError("payment-rejected", "the channel is being closed", { retryable: true });
  const running = `${payer}/${request.id}`;
  if (context.running.has(running))
    throw new LichenError("bad-message", `request ${request.id} is running already`);
  if (request.prepaid !== undefined) {
    const { prepaid } = request;
    if (prepaid.channelId !== channel.id)
      throw new LichenError("payment-rejected", "the voucher is for another channel");
    assertSigned(voucherDigest(ledger.deployment, prepaid), prepaid.signature, payer, "the voucher");
    await book.prepaid(channel, prepaid);
  }
  await reserve(context, channel, request.maxCostUnits);
  return channel;
}

/** Makes room, after catching up with what the payer may already know: its voucher, its top-up. */
async function reserve(context: Context, channel: PayeeChannel, maxCostUnits: bigint): Promise<void> {
  try {
    channel.account = admit(channel.account, maxCostUnits);
  } catch (error) {
    if (!(await caughtUp(context, channel, toLichenError(error).code))) throw error;
    channel.account = admit(channel.account, maxCostUnits);
  }
}

/** A payer that is short of money must not make us ask the chain more often than this. */
const refreshPauseMs = 500;

async function caughtUp(
  { windows, book, clock }: Context,
  channel: PayeeChannel,
  code: ErrorCode,
): Promise<boolean> {
  if (code === "no-credit" && windows.isSettling(channel)) {
    await windows.settled(channel);
    return true;
  }
  if (code === "deposit-exhausted" && clock.nowMs() - channel.refreshedAtMs >= refreshPauseMs) {
    channel.refreshedAtMs = clock.nowMs();
    return book.refresh(channel);
  }
  return false;
}

/** Runs the engine, passes its tokens on, and makes the leaf. */
async function answer(
  { engine, clock }: Context,
  request: InferRequest,
  signal: AbortSignal,
  send: (item: Uint8Array) => Promise<void>,
): Promise<UnpaidLeaf> {
  const startedAtMs = clock.nowMs();
  const tokens: number[] = [];
  let text = "";
  let promptTokens = 0;
  let finishReason: FinishReason = "failed";
  for await (const event of engine.generate(request, signal)) {
    if (event.type === "prompt") {
      promptTokens = event.promptTokens;
      const worst = costUnits(request.price, promptTokens, request.sampling.maxTokens);
      if (worst > request.maxCostUnits) {
        throw new LichenError("payment-rejected", "the prompt is longer than the request allows for", {
          details: `${promptTokens} tokens; up to ${worst} units, at most ${request.maxCostUnits} agreed`,
        });
      }
    } else if (event.type === "tokens") {
      for (const token of event.tokens) tokens.push(token);
      text += event.text;
      await send(encodeMessage(event));
    } else {
      finishReason = event.finishReason;
    }
  }
  const salt = fromHex(request.salt, 32);
  const cost = costUnits(request.price, promptTokens, tokens.length);
  const servedAtMs = clock.nowMs();
  const bytes = encodeLeaf({
    requestDigest: digestOfRequest(request),
    outputDigest: outputDigest(salt, tokens, text),
    promptTokens,
    completionTokens: tokens.length,
    costUnits: cost,
    startedAtMs,
    durationMs: Math.max(0, servedAtMs - startedAtMs),
    finishReason,
  });
  return { hash: toHex(leafHash(bytes)), costUnits: cost, bytes: toHex(bytes), servedAtMs };
}

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
  const running = `${incoming.peer.account}/${request.id}`;
  if (context.running.has(running))
    throw new LichenError("bad-message", `request ${request.id} is running already`);
  const cancel = new AbortController();
  // Known from here on: a `cancel` may arrive while the voucher is still being stored.
  context.running.set(running, cancel);
  try {
    const channel = await admitted(context, request, incoming.peer.account);
    const leaf = await owedLeaf(context, channel, request, incoming.signal, cancel.signal, send);
    await context.book.storeLeaf(channel, leaf);
    await send(encodeMessage({ type: "leaf", leaf: leaf.bytes }));
    context.windows.look(channel);
  } finally {
    context.running.delete(running);
  }
}

/** Answers an admitted request. Its reservation ends exactly once: as a leaf that is owed, or as nothing. */
async function owedLeaf(
  context: Context,
  channel: PayeeChannel,
  request: InferRequest,
  gone: AbortSignal,
  cancel: AbortSignal,
  send: (item: Uint8Array) => Promise<void>,
): Promise<UnpaidLeaf> {
  try {
    const leaf = await answer(context, request, AbortSignal.any([gone, cancel]), send);
    gone.throwIfAborted(); // nobody is there to take the leaf, so nobody will pay for it
    context.book.served(channel, request.maxCostUnits, leaf);
    return leaf;
  } catch (error) {
    channel.account = abandoned(channel.account, request.maxCostUnits);
    throw error;
  }
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
  if (request.prepaid !== undefined) {
    const { prepaid } = request;
    if (prepaid.channelId !== channel.id)
      throw new LichenError("payment-rejected", "the voucher is for another channel");
    assertSigned(voucherDigest(ledger.deployment, prepaid), prepaid.signature, payer, "the voucher");
    // The payer may have topped the channel up since we last looked.
    if (prepaid.amountUnits > channel.account.depositUnits) await refreshed(context, channel);
    await book.prepaid(channel, prepaid);
  }
  await reserve(context, channel, request.maxCostUnits);
  return channel;
}

/** Makes room, after catching up with what the payer may already know: its voucher, its top-up. */
async function reserve(context: Context, channel: PayeeChannel, maxCostUnits: bigint): Promise<void> {
  try {
    take(channel, maxCostUnits);
  } catch (error) {
    if (!(await caughtUp(context, channel, toLichenError(error).code))) throw error;
    take(channel, maxCostUnits);
  }
}

/** Nothing is awaited between the check and the reservation: a channel closes under no request. */
function take(channel: PayeeChannel, maxCostUnits: bigint): void {
  if (channel.closing)
    throw new LichenError("payment-rejected", "the channel is being closed", { retryable: true });
  channel.account = admit(channel.account, maxCostUnits);
}

/** A payer that is short of money must not make us ask the chain more often than this. */
const refreshPauseMs = 500;

async function caughtUp(context: Context, channel: PayeeChannel, code: ErrorCode): Promise<boolean> {
  const { windows } = context;
  if (code === "no-credit" && windows.isSettling(channel)) {
    await windows.settled(channel);
    return true;
  }
  return code === "deposit-exhausted" && refreshed(context, channel);
}

/** Asks the chain about the channel, unless that was done a moment ago; whether there is news. */
async function refreshed({ book, clock }: Context, channel: PayeeChannel): Promise<boolean> {
  if (clock.nowMs() - channel.refreshedAtMs < refreshPauseMs) return false;
  channel.refreshedAtMs = clock.nowMs();
  return book.refresh(channel);
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

import { LichenError, type Hex } from "@lichen/kernel";
import { checkWindow } from "@lichen/money";
import {
  assertSigned,
  decodeMessage,
  encodeMessage,
  settleRequestSchema,
  windowDigest,
  type SettleResponse,
  type SignedWindow,
} from "@lichen/wire";
import type { Incoming } from "@lichen/ports";
import type { Context } from "../context.ts";
import { isPaid } from "./book.ts";
import type { PayerChannel } from "./channel.ts";

/**
 * Answers `settle`: pays a window whose every leaf we took. Asked twice for the same window it gives
 * the same voucher again; leaves that we never saw are named and not paid.
 */
export async function settle(
  context: Context,
  { peer, body }: Incoming,
  send: (item: Uint8Array) => Promise<void>,
): Promise<void> {
  const { book, ledger } = context;
  const { window, leaves } = decodeMessage(settleRequestSchema, body, "settle");
  const channel = book.channels.get(window.channelId);
  if (channel === undefined || channel.key.payee !== peer.account) {
    throw new LichenError("channel-unknown", "we do not pay you through this channel", {
      details: window.channelId,
    });
  }
  // One at a time: a voucher that is still being stored must not leave, and a flood costs us little.
  if (channel.settling) {
    throw new LichenError("limit-exceeded", "a window of this channel is being paid already", {
      retryable: true,
    });
  }
  channel.settling = true;
  try {
    assertSigned(windowDigest(ledger.deployment, window), window.signature, channel.key.payee, "the window");
    await send(encodeMessage(await answerTo(context, channel, window, leaves)));
  } finally {
    channel.settling = false;
  }
}

async function answerTo(
  context: Context,
  channel: PayerChannel,
  window: SignedWindow,
  leaves: readonly Hex[],
): Promise<SettleResponse> {
  const { book, log, queue } = context;
  if (isPaid(channel, window)) return { voucher: await book.voucherAgain(channel) };
  const unknown = await stillUnknown(context, channel, leaves);
  if (unknown.length > 0) {
    book.turnedDown(channel);
    log("warn", "window.refused", { channel: channel.id, unknownLeaves: unknown.length });
    return { unknown };
  }
  const priced = leaves.map((hash) => ({ hash, costUnits: channel.unpaid.get(hash) as bigint }));
  checkWindow(channel.account, window, priced);
  const voucher = await book.pay(channel, window, priced);
  log("info", "window.paid", { channel: channel.id, number: window.number, leaves: leaves.length });
  queue.wake(leaves.length);
  return { voucher };
}

/** How long a leaf that was sent before its window may take to get through our own process. */
const leafMs = 2_000;
const leafPollMs = 20;

/** Which of these leaves we do not know, once those just arriving have been given time. */
async function stillUnknown(
  { clock, stopping }: Context,
  channel: PayerChannel,
  leaves: readonly Hex[],
): Promise<Hex[]> {
  for (let waitedMs = 0; ; waitedMs += leafPollMs) {
    const unknown = leaves.filter((leaf) => !channel.unpaid.has(leaf));
    if (unknown.length === 0 || channel.account.inFlight === 0 || waitedMs >= leafMs) return unknown;
    await clock.sleep(leafPollMs, stopping);
  }
}

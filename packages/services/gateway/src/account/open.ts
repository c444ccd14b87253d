import { LichenError, toHex, type Hex } from "@lichen/kernel";
import { openAccount } from "@lichen/money";
import { channelId, channelResponseSchema, type ChannelResponse } from "@lichen/wire";
import { ask, within } from "@lichen/ports";
import type { Context } from "../context.ts";
import type { PayerChannel } from "./channel.ts";

/** How long a provider may take to look a channel up. */
const announceMs = 10_000;
/** How often an old channel is announced while the provider still lags behind. */
const announceTries = 5;
const announcePauseMs = 400;

/**
 * Opens a channel to a provider, or takes the old one up again, so that it is ready to pay.
 * @throws {LichenError} what the chain or the provider say
 */
export async function readyChannel(context: Context, provider: Hex, peerId: string): Promise<PayerChannel> {
  const channel = context.book.of(provider) ?? (await newChannel(context, provider));
  await ensureOnChain(context, channel);
  const agreed = await announce(context, channel, peerId);
  if (!agreed) {
    await retire(context, channel, "the provider remembers another past of the channel");
    throw new LichenError("payment-rejected", "the channel was given up; a new one is needed", {
      retryable: true,
    });
  }
  channel.peerId = peerId;
  context.queue.wake(1);
  return channel;
}

async function newChannel({ book, ledger, random }: Context, provider: Hex): Promise<PayerChannel> {
  const key = { payer: ledger.account, payee: provider, salt: toHex(random.bytes(32)) };
  const channel: PayerChannel = {
    id: channelId(key),
    key,
    account: openAccount(0n),
    voucher: undefined,
    claimedUnits: 0n,
    unpaid: new Map(),
    peerId: undefined,
    retired: false,
  };
  await book.add(channel);
  return channel;
}

/** The salt was stored first: however often we die in between, it is the same channel that is opened. */
async function ensureOnChain({ ledger, options, log }: Context, channel: PayerChannel): Promise<void> {
  let state = await ledger.channel(channel.key);
  if (state === undefined) {
    const { transaction } = await ledger.open(channel.key.payee, channel.key.salt, options.depositUnits);
    log("info", "channel.opened", { channel: channel.id, provider: channel.key.payee, transaction });
    state = await ledger.channel(channel.key);
  }
  const depositUnits = state?.depositUnits ?? 0n;
  channel.account = { ...channel.account, depositUnits, withdrawing: state?.withdrawableAtS !== undefined };
}

/** Tells the provider about the channel; false where the two ends remember different windows. */
async function announce(context: Context, channel: PayerChannel, peerId: string): Promise<boolean> {
  const { network, clock, stopping } = context;
  for (let attempt = 0; attempt < announceTries; attempt++) {
    const theirs: ChannelResponse = await within(clock, announceMs, stopping, (signal) =>
      ask(network, peerId, "channel", { key: channel.key }, channelResponseSchema, signal),
    );
    const { account } = channel;
    if (theirs.windowNumber === account.windowNumber && theirs.receiptsRoot === account.receiptsRoot) {
      const creditRequests = Math.min(theirs.creditRequests, account.creditRequests);
      channel.account = { ...account, creditRequests };
      return true;
    }
    if (theirs.windowNumber > account.windowNumber) return false;
    await clock.sleep(announcePauseMs, stopping); // a voucher may have been lost: it will ask for it again
  }
  return false;
}

/** Stops paying through a channel and asks the chain for what is left in it. */
export async function retire(
  { book, ledger, log }: Context,
  channel: PayerChannel,
  why: string,
): Promise<void> {
  log("warn", "channel.retired", { channel: channel.id, provider: channel.key.payee, why });
  await book.retire(channel);
  await ledger.requestWithdrawal(channel.key);
}

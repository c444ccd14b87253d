import { LichenError, toHex, type Hex } from "@lichen/kernel";
import { channelId, channelResponseSchema, type ChannelResponse } from "@lichen/wire";
import { ask, within } from "@lichen/ports";
import type { Context } from "../context.ts";
import { newChannel, type PayerChannel } from "./channel.ts";

/** How long a provider may take to look a channel up. */
const announceMs = 10_000;
/** How often an old channel is announced while the provider still lags behind. */
const announceTries = 5;
const announcePauseMs = 400;
/** Channels that a provider may spoil in a session before a window was paid in them: each costs us gas. */
const maxSpoiled = 3;

/**
 * Opens a channel to a provider, or takes the old one up again, so that it is ready to pay.
 * @throws {LichenError} what the chain or the provider say
 */
export async function readyChannel(context: Context, provider: Hex, peerId: string): Promise<PayerChannel> {
  assertConnected(context, provider, peerId);
  const channel = context.book.of(provider) ?? (await addChannel(context, provider));
  await ensureOnChain(context, channel);
  const agreed = await announce(context, channel, peerId);
  if (!agreed) {
    channel.spoiled = true;
    await retire(context, channel, "the provider remembers another past of the channel");
    throw new LichenError("payment-rejected", "the channel was given up; a new one is needed", {
      retryable: true,
    });
  }
  channel.peerId = peerId;
  context.queue.wake(1);
  return channel;
}

/** An offer may name any peer: a deposit is made only for one that has proved to be the provider. */
function assertConnected({ network }: Context, provider: Hex, peerId: string): void {
  if (network.peers().some(({ id, account }) => id === peerId && account === provider)) return;
  throw new LichenError("peer-unreachable", "the provider is not connected", { retryable: true });
}

async function addChannel(context: Context, provider: Hex): Promise<PayerChannel> {
  const { book, ledger, random, options } = context;
  const spoiled = [...book.channels.values()].filter(
    (channel) => channel.spoiled && channel.key.payee === provider && channel.account.windowNumber === 0,
  );
  if (spoiled.length >= maxSpoiled)
    throw new LichenError("payment-rejected", `the provider has spoiled ${maxSpoiled} channels`);
  if (book.openCount >= options.maxChannels) await retireIdle(context);
  const key = { payer: ledger.account, payee: provider, salt: toHex(random.bytes(32)) };
  const channel = newChannel(channelId(key), key);
  await book.add(channel);
  return channel;
}

/** Makes room for a new channel by giving up one whose provider is gone. */
async function retireIdle(context: Context): Promise<void> {
  const { book, options } = context;
  for (const channel of book.open) {
    const { account, peerId } = channel;
    if (peerId === undefined && account.inFlight === 0 && account.unpaidLeaves === 0)
      return retire(context, channel, "its provider is gone and its deposit is needed");
  }
  throw new LichenError("limit-exceeded", `${options.maxChannels} channels are open already`, {
    retryable: true,
  });
}

/** The salt was stored first: however often we die in between, it is the same channel that is opened. */
async function ensureOnChain(context: Context, channel: PayerChannel): Promise<void> {
  const { ledger, options, log } = context;
  let state = await ledger.channel(channel.key);
  if (state === undefined) {
    const { transaction } = await ledger.open(channel.key.payee, channel.key.salt, options.depositUnits);
    log("info", "channel.opened", { channel: channel.id, provider: channel.key.payee, transaction });
    state = await ledger.channel(channel.key);
  }
  if (state?.closed === true || state?.withdrawableAtS !== undefined) {
    channel.spoiled = true;
    await retire(context, channel, "it is closed, or about to be");
    throw new LichenError("payment-rejected", "the channel is closed; a new one is needed", {
      retryable: true,
    });
  }
  const depositUnits = state?.depositUnits ?? 0n;
  channel.account = { ...channel.account, depositUnits };
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

/** Stops using a channel; `watch` asks the chain for what is left in it, as often as that takes. */
export async function retire({ book, log }: Context, channel: PayerChannel, why: string): Promise<void> {
  log("warn", "channel.retired", { channel: channel.id, provider: channel.key.payee, why });
  await book.retire(channel);
}

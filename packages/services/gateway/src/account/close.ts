import { LichenError, toLichenError } from "@lichen/kernel";
import { doneSchema } from "@lichen/wire";
import { ask, within } from "@lichen/ports";
import type { Context } from "../context.ts";
import type { PayerChannel } from "./channel.ts";
import { retire } from "./open.ts";

/** How long a provider may take to settle, claim and give back. */
const closeMs = 30_000;

/**
 * Closes every open channel: the provider claims what it is owed and gives the rest back at once. One
 * that cannot or will not is left, and the chain is asked for the rest after its delay.
 */
export async function closeChannels(context: Context): Promise<void> {
  const open = [...context.book.channels.values()].filter(({ retired }) => !retired);
  await Promise.all(open.map((channel) => closeOne(context, channel)));
}

async function closeOne(context: Context, channel: PayerChannel): Promise<void> {
  const { network, clock, stopping, book, ledger, log } = context;
  const { peerId } = channel;
  try {
    if (peerId === undefined)
      throw new LichenError("peer-unreachable", "its provider is not connected", { retryable: true });
    await within(clock, closeMs, stopping, (signal) =>
      ask(network, peerId, "close", { key: channel.key }, doneSchema, signal),
    );
    await book.retire(channel);
    log("info", "channel.closed", { channel: channel.id });
  } catch (error) {
    await retire(context, channel, toLichenError(error).message);
    // At once, for this may be the last that the gateway does; otherwise `watch` asks again.
    await ledger.requestWithdrawal(channel.key).catch(() => {});
  }
}

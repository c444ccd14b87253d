import { toLichenError } from "@lichen/kernel";
import { topUpUnits } from "@lichen/money";
import type { Context } from "../context.ts";
import type { PayerChannel } from "./channel.ts";
import { paymentRow } from "./records.ts";

/** Repeats until the gateway stops: what did the chain pay, and which deposits run low? */
export async function watchLoop(context: Context): Promise<void> {
  const { clock, options, stopping, book, log } = context;
  let silenced: string | undefined;
  while (!stopping.aborted) {
    await clock.sleep(options.watchEveryMs, stopping).catch(() => {});
    if (stopping.aborted) return;
    try {
      for (const channel of book.channels.values()) await watchChannel(context, channel);
      silenced = undefined;
    } catch (error) {
      const { code, message } = toLichenError(error);
      if (silenced !== code) log("warn", "watch.failed", { code, message });
      silenced = code;
    }
  }
}

async function watchChannel(context: Context, channel: PayerChannel): Promise<void> {
  const { ledger, book, queue, log, clock } = context;
  const state = await ledger.channel(channel.key);
  if (state === undefined) {
    channel.peerId = undefined; // not opened yet, or lost by the chain: opened again before it is next used
    return;
  }
  const { depositUnits, claimedUnits, withdrawableAtS } = state;
  channel.account = { ...channel.account, depositUnits, withdrawing: withdrawableAtS !== undefined };
  if (claimedUnits !== channel.claimedUnits) {
    const payments = await ledger.claimed(channel.id);
    channel.claimedUnits = claimedUnits;
    await book.save(
      channel,
      payments.map((payment) => paymentRow(channel.id, payment)),
    );
    log("info", "channel.claimed", { channel: channel.id, claimedUnits: `${claimedUnits}` });
  }
  if (withdrawableAtS !== undefined) {
    if (depositUnits > claimedUnits && withdrawableAtS * 1000 <= clock.nowMs())
      await ledger.withdraw(channel.key);
    return;
  }
  const missing = channel.retired ? 0n : topUpUnits(channel.account, context.options.depositUnits);
  if (missing === 0n) return;
  await ledger.topUp(channel.key, missing);
  channel.account = { ...channel.account, depositUnits: depositUnits + missing };
  log("info", "channel.toppedUp", { channel: channel.id, units: `${missing}` });
  queue.wake(channel.account.creditRequests);
}

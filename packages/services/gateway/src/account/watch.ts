import { toLichenError, type Hex } from "@lichen/kernel";
import { topUpUnits } from "@lichen/money";
import type { ChannelState } from "@lichen/ports";
import type { Context } from "../context.ts";
import type { PayerChannel } from "./channel.ts";
import { retire } from "./open.ts";

/** Repeats until the gateway stops: what did the chain pay, which deposits run low, what is to be taken back? */
export async function watchLoop(context: Context): Promise<void> {
  const { clock, options, stopping, book, log } = context;
  const silenced = new Map<Hex, string>();
  while (!stopping.aborted) {
    await clock.sleep(options.watchEveryMs, stopping).catch(() => {});
    for (const channel of book.channels.values()) {
      if (stopping.aborted) return;
      if (channel.over) continue;
      try {
        await watchChannel(context, channel);
        silenced.delete(channel.id);
      } catch (error) {
        const { code, message, details } = toLichenError(error);
        if (silenced.get(channel.id) !== code)
          log("warn", "watch.failed", { channel: channel.id, code, message, details });
        silenced.set(channel.id, code);
        // One channel's trouble is not the others', but without a chain there is nothing to look at.
        if (code === "chain-unavailable") break;
      }
    }
  }
}

async function watchChannel(context: Context, channel: PayerChannel): Promise<void> {
  const { ledger, clock, options } = context;
  const state = await ledger.channel(channel.key);
  if (state === undefined) {
    channel.peerId = undefined; // not opened yet, or lost by the chain: opened again before it is next used
    return;
  }
  const { depositUnits, claimedUnits, withdrawableAtS, closed } = state;
  channel.account = { ...channel.account, depositUnits, withdrawing: withdrawableAtS !== undefined };
  if (claimedUnits !== channel.claimedUnits) await notePayments(context, channel, claimedUnits);
  if (closed && !channel.retired) {
    channel.spoiled = true;
    await retire(context, channel, "its provider has closed it");
  }
  if (!channel.retired && isOverdue(channel, clock.nowMs(), options.unbilledMs))
    await retire(context, channel, "its provider does not ask for its pay");
  if (closed) channel.over = true;
  else if (channel.retired || withdrawableAtS !== undefined) await takeBack(context, channel, state);
  else await topUp(context, channel);
}

async function notePayments(context: Context, channel: PayerChannel, claimedUnits: bigint): Promise<void> {
  const { ledger, book, log } = context;
  const payments = await ledger.claimed(channel.id);
  await book.claimed(
    channel,
    claimedUnits,
    payments.filter((payment) => payment.claimedUnits > channel.claimedUnits),
  );
  log("info", "channel.claimed", { channel: channel.id, claimedUnits: `${claimedUnits}` });
}

/**
 * Whether a provider that could ask for its pay has not done so for so long that it must have lost its
 * leaves. They would take up the channel's credit for ever.
 */
function isOverdue(channel: PayerChannel, nowMs: number, unbilledMs: number): boolean {
  const { windowNumber, unpaidLeaves } = channel.account;
  if (unpaidLeaves === 0 || channel.peerId === undefined) channel.unbilled = undefined;
  else if (channel.unbilled?.windowNumber !== windowNumber)
    channel.unbilled = { windowNumber, sinceMs: nowMs };
  return channel.unbilled !== undefined && nowMs - channel.unbilled.sinceMs >= unbilledMs;
}

/** Takes the unclaimed rest of a channel back, in the chain's two steps. */
async function takeBack(
  { ledger, clock }: Context,
  { key }: PayerChannel,
  { depositUnits, claimedUnits, withdrawableAtS }: ChannelState,
): Promise<void> {
  if (depositUnits === claimedUnits) return;
  if (withdrawableAtS === undefined) await ledger.requestWithdrawal(key);
  else if (withdrawableAtS * 1000 <= clock.nowMs()) await ledger.withdraw(key);
}

async function topUp({ ledger, options, log, queue }: Context, channel: PayerChannel): Promise<void> {
  const units = topUpUnits(channel.account, options.depositUnits);
  if (units === 0n) return;
  await ledger.topUp(channel.key, units);
  channel.account = { ...channel.account, depositUnits: channel.account.depositUnits + units };
  log("info", "channel.toppedUp", { channel: channel.id, units: `${units}` });
  queue.wake(channel.account.creditRequests);
}

import { LichenError, toLichenError } from "@lichen/kernel";
import { claimableUnits, feeInUnits, isClaimDue } from "@lichen/money";
import type { Claim } from "@lichen/ports";
import type { PayeeChannel } from "./channel.ts";
import type { Context } from "./context.ts";

/** How many claims may follow each other in one round before the rest waits for the next. */
const batchesPerRound = 20;

/**
 * Looks at the chain and turns vouchers into money: many channels in one transaction, when it is
 * worth its gas, or at once where a channel closes or its payer withdraws.
 */
export async function claimRound(context: Context): Promise<void> {
  const { book } = context;
  const channels = [...book.channels.values()].filter(({ over }) => !over);
  for (const channel of channels) await book.refresh(channel);
  const claimable = channels
    .filter((channel) => worth(channel) > 0n)
    .sort((a, b) => (worth(b) > worth(a) ? 1 : -1));
  // By themselves first: among better ones they would wait, and what a payer takes back is gone.
  await claimWhileDue(context, claimable.filter(isUrgent), true);
  await claimWhileDue(
    context,
    claimable.filter((channel) => worth(channel) > 0n),
    false,
  );
}

/** Claims batch after batch, the most valuable first, as long as one is worth its fee. */
async function claimWhileDue(
  context: Context,
  claimable: readonly PayeeChannel[],
  urgent: boolean,
): Promise<void> {
  const { ledger, options } = context;
  for (let round = 0; round < batchesPerRound; round++) {
    const batch = claimable.slice(round * options.claimBatch, (round + 1) * options.claimBatch);
    if (batch.length === 0) return;
    const feeUnits = feeInUnits(await ledger.claimFeeWei(batch.length), options.unitsPerEther);
    const total = batch.reduce((sum, channel) => sum + worth(channel), 0n);
    if (!isClaimDue({ claimableUnits: total, feeUnits, urgent })) return;
    await claim(context, batch);
  }
}

async function claim({ ledger, book, log }: Context, batch: readonly PayeeChannel[]): Promise<void> {
  const claims: Claim[] = batch.flatMap(({ key, voucher }) =>
    voucher === undefined ? [] : [{ key, voucher }],
  );
  const mined = await ledger.claim(claims);
  for (const outcome of mined.outcomes) {
    if ("skipped" in outcome)
      log("warn", "claim.skipped", { channel: outcome.channelId, reason: outcome.skipped });
    else
      log("info", "claim.paid", {
        channel: outcome.channelId,
        units: `${outcome.paidUnits}`,
        transaction: mined.transaction,
      });
  }
  for (const channel of batch) await book.refresh(channel);
}

/**
 * Settles and claims everything in a channel, then gives the unclaimed rest back to the payer.
 * Resolves when the chain has it.
 * @throws {LichenError} `payment-rejected` where that is under way already, or where the channel has not
 *   brought what closing costs us: its payer can withdraw instead
 */
export async function closeChannel(
  context: Context,
  channel: PayeeChannel,
  signal: AbortSignal,
): Promise<void> {
  if (channel.closing) throw new LichenError("payment-rejected", "the channel is being closed already");
  channel.closing = true;
  try {
    await settleAndRelease(context, channel, signal);
  } catch (error) {
    channel.closing = false; // the payer may ask again, or go on
    throw error;
  }
}

async function settleAndRelease(context: Context, channel: PayeeChannel, signal: AbortSignal): Promise<void> {
  const { clock, windows, ledger, book, options } = context;
  // Two transactions: the claim and the release.
  const feeUnits = feeInUnits(2n * (await ledger.claimFeeWei(1)), options.unitsPerEther);
  if ((channel.voucher?.amountUnits ?? 0n) < feeUnits) {
    throw new LichenError("payment-rejected", "closing the channel costs more than it has brought", {
      remedy: "withdraw on the chain",
    });
  }
  while (channel.account.inFlight > 0 || channel.account.unpaidLeaves > 0) {
    windows.look(channel, true);
    await clock.sleep(closePollMs, signal);
  }
  await book.refresh(channel);
  if (2n * worth(channel) > feeUnits) await claim(context, [channel]);
  if (channel.account.depositUnits > channel.claimedUnits) await ledger.release(channel.key);
  await book.refresh(channel);
}

const closePollMs = 50;

/** What the channel's voucher would pay out now. */
function worth({ voucher, account, claimedUnits }: PayeeChannel): bigint {
  return claimableUnits(voucher?.amountUnits ?? 0n, account.depositUnits, claimedUnits);
}

/** Whether the payer is about to take back what is not claimed. */
function isUrgent({ closing, account }: PayeeChannel): boolean {
  return closing || account.withdrawing;
}

/** Repeats `claimRound` until the provider stops; a failing chain is an event, not an end. */
export async function claimLoop(context: Context): Promise<void> {
  const { clock, options, stopping, log, windows, book } = context;
  let silenced: string | undefined;
  while (!stopping.aborted) {
    await clock.sleep(options.claimEveryMs, stopping).catch(() => {});
    if (stopping.aborted) return;
    for (const channel of book.channels.values()) windows.look(channel);
    try {
      await claimRound(context);
      silenced = undefined;
    } catch (error) {
      const { code, message } = toLichenError(error);
      if (silenced !== code) log("warn", "claim.failed", { code, message });
      silenced = code;
    }
  }
}

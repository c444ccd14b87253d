import { LichenError, limits, toLichenError, type Hex } from "@lichen/kernel";
import { closeWindow, isWindowDue } from "@lichen/money";
import {
  assertSigned,
  receiptsRoot,
  settleResponseSchema,
  voucherDigest,
  windowDigest,
  type SignedVoucher,
} from "@lichen/wire";
import { ask, within } from "@lichen/ports";
import type { PayeeChannel, PendingWindow } from "./channel.ts";
import type { Context } from "./context.ts";

/** Closes windows when they are due and has them paid. */
export type Settlement = {
  /** Looks whether the channel's window is due; returns at once, works on in the background. */
  look(channel: PayeeChannel, force?: boolean): void;
  /** Resolves when no settlement is under way. */
  idle(): Promise<void>;
};

/** How long to wait after a settlement failed before the same window is sent again. */
const retryAfterMs = 1_000;

export function createSettlement(context: () => Context): Settlement {
  const underWay = new Set<Promise<void>>();
  return {
    look(channel, force = false) {
      if (channel.settling || channel.peerId === undefined) return;
      const { clock, log } = context();
      const oldestAtMs = channel.leaves[0]?.servedAtMs ?? 0;
      const due =
        channel.pending !== undefined ||
        (force && channel.leaves.length > 0) ||
        isWindowDue(channel.account, channel.leaves.length, oldestAtMs, clock.nowMs());
      if (!due) return;
      channel.settling = true;
      const work = settle(context(), channel)
        .then(() => {
          channel.settling = false;
          this.look(channel, force);
        })
        .catch(async (error: unknown) => {
          const { code, message } = toLichenError(error);
          log("warn", "window.unpaid", { channel: channel.id, code, message });
          await clock.sleep(retryAfterMs, context().stopping).catch(() => {});
          channel.settling = false;
        })
        .finally(() => underWay.delete(work));
      underWay.add(work);
    },
    async idle() {
      await Promise.all(underWay);
    },
  };
}

/** Sends the pending window, or closes and sends the next, and takes the voucher for it. */
async function settle(context: Context, channel: PayeeChannel): Promise<void> {
  const pending = channel.pending ?? (await close(context, channel));
  const { network, clock, options, stopping, book, log } = context;
  const hashes = pending.leaves.map((leaf) => leaf.hash);
  const message = { window: pending.window, leaves: hashes };
  const answer = await within(clock, options.settleMs, stopping, (signal) =>
    ask(network, channel.peerId as string, "settle", message, settleResponseSchema, signal),
  );
  if ("unknown" in answer) {
    const lost = await book.turnedDown(channel, pending, new Set(known(hashes, answer.unknown)));
    log("warn", "leaves.forfeited", { channel: channel.id, leaves: lost });
    return;
  }
  checkVoucher(context, channel, pending, answer.voucher);
  await book.paid(channel, pending, answer.voucher);
  log("info", "window.paid", { channel: channel.id, number: pending.window.number, leaves: hashes.length });
}

async function close({ signer, ledger, book }: Context, channel: PayeeChannel): Promise<PendingWindow> {
  const leaves = channel.leaves.slice(0, limits.windowLeaves);
  const window = closeWindow(channel.account, channel.id, channel.lastNumber + 1, leaves);
  const signature = await signer.sign(windowDigest(ledger.deployment, window));
  const pending = { window: { ...window, signature }, leaves };
  await book.closed(channel, pending);
  return pending;
}

/** Only hashes that were asked about count; a payer that names none of them is not making sense. */
function known(asked: readonly Hex[], named: readonly Hex[]): Hex[] {
  const ours = new Set(asked);
  const both = named.filter((hash) => ours.has(hash));
  if (both.length === 0)
    throw new LichenError("bad-message", "settle: the payer turned down leaves that were not in the window");
  return both;
}

function checkVoucher(
  { ledger }: Context,
  channel: PayeeChannel,
  { window }: PendingWindow,
  voucher: SignedVoucher,
): void {
  if (voucher.channelId !== channel.id || voucher.receiptsRoot !== receiptsRoot(window)) {
    throw new LichenError("payment-rejected", "the voucher is not for this window");
  }
  assertSigned(
    voucherDigest(ledger.deployment, voucher),
    voucher.signature,
    channel.key.payer,
    "the voucher",
  );
}

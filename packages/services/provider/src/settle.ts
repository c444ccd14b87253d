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
  isSettling(channel: PayeeChannel): boolean;
  /** Resolves when the channel's settlement, if one is under way, has ended. */
  settled(channel: PayeeChannel): Promise<void>;
  /** Resolves when no settlement is under way. */
  idle(): Promise<void>;
};

/** How long to wait after a settlement failed before the same window is sent again. */
const retryAfterMs = 1_000;

export function createSettlement(context: () => Context): Settlement {
  const underWay = new Map<PayeeChannel, Promise<void>>();

  function isDue({ pending, account, leaves }: PayeeChannel, force: boolean): boolean {
    if (pending !== undefined) return true;
    const oldestAtMs = leaves[0]?.servedAtMs ?? 0;
    return force
      ? leaves.length > 0
      : isWindowDue(account, leaves.length, oldestAtMs, context().clock.nowMs());
  }

  /** Settles while there is something due; a failure ends it, after a pause, until somebody looks again. */
  async function work(channel: PayeeChannel, force: boolean): Promise<void> {
    const { clock, log, stopping } = context();
    try {
      while (!stopping.aborted && isDue(channel, force)) await settle(context(), channel);
    } catch (error) {
      const { code, message } = toLichenError(error);
      log("warn", "window.unpaid", { channel: channel.id, code, message });
      await clock.sleep(retryAfterMs, stopping).catch(() => {});
    }
    underWay.delete(channel);
  }

  return {
    look(channel, force = false) {
      if (underWay.has(channel) || channel.peerId === undefined || !isDue(channel, force)) return;
      underWay.set(channel, work(channel, force));
    },
    isSettling: (channel) => underWay.has(channel),
    async settled(channel) {
      await underWay.get(channel);
    },
    async idle() {
      await Promise.all(underWay.values());
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

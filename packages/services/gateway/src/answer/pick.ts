import { LichenError, type Hex } from "@lichen/kernel";
import { admit, prepayment } from "@lichen/money";
import { rank } from "@lichen/routing";
import { costUnits, type Price, type SignedVoucher } from "@lichen/wire";
import type { PayerChannel } from "../account/channel.ts";
import type { Context } from "../context.ts";
import type { Supplier } from "../supply/market.ts";
import { prepare } from "../supply/prepare.ts";

/** A provider that has room for the request, which is reserved. */
export type Pick = {
  supplier: Supplier;
  channel: PayerChannel;
  price: Price;
  maxCostUnits: bigint;
  prepaid: SignedVoucher | undefined;
};

/** What the choice depends on. */
export type Demand = { model: Hex; modelName: string; promptTokensBound: number; maxTokens: number };

/**
 * The best provider that can take the request now, or else the first one that gets room within
 * `waitForProviderMs`.
 * @param tried accounts that have failed this request already
 * @throws {LichenError} `no-credit` when nobody got room in time, `peer-unreachable` when all have failed
 *   it, `limit-exceeded` when too many wait, or the signal's reason
 */
export async function pick(
  context: Context,
  demand: Demand,
  tried: ReadonlySet<Hex>,
  signal: AbortSignal,
): Promise<Pick> {
  const { clock, options, queue } = context;
  const untilMs = clock.nowMs() + options.waitForProviderMs;
  for (;;) {
    const found = await pickNow(context, demand, tried);
    if (found !== undefined) return found;
    await waitBriefly(context, untilMs, signal);
    if (clock.nowMs() >= untilMs) {
      queue.wake(1);
      throw new LichenError("no-credit", `no provider of ${demand.modelName} had room in time`, {
        details: `waited ${options.waitForProviderMs} ms`,
        remedy: "try again, or start another provider",
        retryable: true,
      });
    }
  }
}

/** Room may also come by time passing (a breaker closes, a price expires), so nobody waits unwoken for longer. */
const longestSleepMs = 1_000;

async function waitBriefly({ clock, queue }: Context, untilMs: number, signal: AbortSignal): Promise<void> {
  const woken = new AbortController();
  const either = AbortSignal.any([signal, woken.signal]);
  const ms = Math.max(1, Math.min(longestSleepMs, untilMs - clock.nowMs()));
  const alarm = clock.sleep(ms, either).then(
    () => woken.abort(),
    () => {},
  );
  await queue.wait(either).catch((error: unknown) => {
    if (!woken.signal.aborted) throw error;
  });
  woken.abort();
  await alarm;
}

async function pickNow(context: Context, demand: Demand, tried: ReadonlySet<Hex>): Promise<Pick | undefined> {
  const { market, clock, book } = context;
  const nowMs = clock.nowMs();
  const suppliers = market.suppliersOf(demand.model, nowMs).filter(({ offer }) => !tried.has(offer.provider));
  // Without any the model was on offer a moment ago: its providers may be back before time is up.
  if (suppliers.length === 0 && tried.size > 0) throw noSupplier(demand, tried);
  const candidates = suppliers.map((supplier) => ({
    ...supplier,
    price: supplier.offer.price,
    slots: supplier.offer.slots,
    supplier,
  }));
  for (const { supplier } of rank(candidates, nowMs)) {
    const channel = book.of(supplier.offer.provider);
    if (channel?.peerId !== supplier.offer.peerId) {
      prepare(context, supplier);
      continue;
    }
    const price = supplier.offer.price;
    const maxCostUnits = costUnits(price, demand.promptTokensBound, demand.maxTokens);
    const reserved = await reserve(context, channel, maxCostUnits);
    if (reserved === undefined) continue;
    supplier.inFlight++;
    supplier.lastChosenAtMs = nowMs;
    return { supplier, channel, price, maxCostUnits, ...reserved };
  }
  return undefined;
}

/** Makes room in the channel, paying in advance where it has no credit; undefined where there is none. */
async function reserve(
  { book }: Context,
  channel: PayerChannel,
  maxCostUnits: bigint,
): Promise<{ prepaid: SignedVoucher | undefined } | undefined> {
  const advance = prepayment(channel.account, maxCostUnits);
  try {
    if (advance === undefined) {
      channel.account = admit(channel.account, maxCostUnits);
      const prepaid = channel.account.creditRequests === 0 ? channel.voucher : undefined;
      return { prepaid };
    }
    const before = channel.account;
    if (advance > before.depositUnits || before.withdrawing) return undefined;
    const signing = book.prepay(channel, advance); // the promise counts at once: nobody else reserves it meanwhile
    channel.account = admit(channel.account, maxCostUnits);
    return { prepaid: await unlessRefused(signing, () => book.abandoned(channel, maxCostUnits)) };
  } catch (error) {
    if (error instanceof LichenError && error.retryable) return undefined;
    throw error;
  }
}

async function unlessRefused<Out>(work: Promise<Out>, undo: () => void): Promise<Out> {
  try {
    return await work;
  } catch (error) {
    undo();
    throw error;
  }
}

function noSupplier({ modelName }: Demand, tried: ReadonlySet<Hex>): LichenError {
  return new LichenError("peer-unreachable", `every provider of ${modelName} failed this request`, {
    details: `${tried.size} tried`,
    retryable: true,
  });
}

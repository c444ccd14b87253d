import type { Hex } from "@lichen/kernel";
import { closedBreaker, type Breaker } from "@lichen/routing";
import type { Offer, OfferedModel } from "@lichen/wire";

/** A provider's newest offer for one model, and what we know of the provider. */
export type Supplier = {
  offer: Offer;
  inFlight: number;
  breaker: Breaker;
  lastChosenAtMs: number;
  /** A channel is being opened or taken up. */
  preparing: boolean;
};

/** A model that somebody offers now. */
export type MarketModel = { model: OfferedModel; suppliers: readonly Supplier[] };

/** Offers heard and not expired, by model. Everything in it has been verified. */
export class Market {
  readonly #suppliers = new Map<string, Supplier>();
  /** Stake by account, from the registry on the chain: who is not in it sells nothing. */
  #stakes: ReadonlyMap<Hex, bigint> = new Map();

  setStakes(stakes: ReadonlyMap<Hex, bigint>): void {
    this.#stakes = stakes;
  }

  isRegistered(account: Hex): boolean {
    return this.#stakes.has(account);
  }

  /** Takes an offer in; an older one than we hold changes nothing. */
  add(offer: Offer): boolean {
    const key = `${offer.provider}/${offer.model.id}`;
    const known = this.#suppliers.get(key);
    if (known !== undefined && known.offer.sequence >= offer.sequence) return false;
    if (known !== undefined) known.offer = offer;
    else
      this.#suppliers.set(key, {
        offer,
        inFlight: 0,
        breaker: closedBreaker,
        lastChosenAtMs: 0,
        preparing: false,
      });
    return known === undefined;
  }

  /** Forgets offers that expired or whose peer left. */
  prune(nowMs: number, gonePeer?: string): void {
    for (const [key, { offer }] of this.#suppliers) {
      if (offer.expiresAtMs <= nowMs || offer.peerId === gonePeer) this.#suppliers.delete(key);
    }
  }

  /** Who offers this model. */
  suppliersOf(modelId: Hex, nowMs: number): Supplier[] {
    return [...this.#suppliers.values()].filter(
      ({ offer }) => offer.model.id === modelId && offer.expiresAtMs > nowMs,
    );
  }

  /** A provider by its account, whichever of its models. */
  supplierOf(account: Hex): Supplier | undefined {
    return [...this.#suppliers.values()].find(({ offer }) => offer.provider === account);
  }

  /** All models on offer. */
  models(nowMs: number): MarketModel[] {
    const byId = new Map<Hex, { model: OfferedModel; suppliers: Supplier[] }>();
    for (const supplier of this.#suppliers.values()) {
      const { model, expiresAtMs } = supplier.offer;
      if (expiresAtMs <= nowMs) continue;
      const entry = byId.get(model.id) ?? { model, suppliers: [] };
      entry.suppliers.push(supplier);
      byId.set(model.id, entry);
    }
    return [...byId.values()];
  }

  /**
   * The model that a client means: by hash, or by name. Where several models go by one name, the one
   * behind which most is staked, so that a newcomer cannot take a name over by offering it too.
   */
  resolve(name: string, nowMs: number): OfferedModel | undefined {
    const models = this.models(nowMs);
    const byHash = models.find(({ model }) => model.id === name);
    if (byHash !== undefined) return byHash.model;
    const named = models.filter(({ model }) => model.name === name);
    return named.sort((a, b) => (this.#stakeBehind(b) > this.#stakeBehind(a) ? 1 : -1))[0]?.model;
  }

  #stakeBehind({ suppliers }: MarketModel): bigint {
    return suppliers.reduce((sum, { offer }) => sum + (this.#stakes.get(offer.provider) ?? 0n), 0n);
  }
}

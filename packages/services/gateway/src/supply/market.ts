import type { Hex } from "@lichen/kernel";
import { closedBreaker, type Breaker } from "@lichen/routing";
import type { Offer, OfferedModel } from "@lichen/wire";

/** A provider's newest offer for one model, and what we know of the provider. */
export type Supplier = {
  offer: Offer;
  inFlight: number;
  breaker: Breaker;
  lastChosenAtMs: number;
};

/** A model that somebody offers now. */
export type MarketModel = { model: OfferedModel; suppliers: readonly Supplier[] };

/** Models that one provider may offer; what goes beyond is not taken in. */
export const maxOffersPerProvider = 64;
/** An offer that says that it lives longer is taken for one that ends then, or it would never be forgotten. */
const maxLifeMs = 600_000;

/** Offers heard and not expired, by model. Everything in it has been verified. */
export class Market {
  readonly #suppliers = new Map<string, Supplier>();
  /** Stake by account, from the registry on the chain: who is not in it sells nothing. */
  #stakes: ReadonlyMap<Hex, bigint> = new Map();

  setStakes(stakes: ReadonlyMap<Hex, bigint>): void {
    this.#stakes = stakes;
  }

  /** Whether an offer would change anything: cheap, so that a signature is checked only for news. */
  isNews(offer: Offer): boolean {
    if (!this.#stakes.has(offer.provider)) return false;
    const known = this.#suppliers.get(keyOf(offer));
    if (known !== undefined) return known.offer.sequence < offer.sequence;
    let count = 0;
    for (const { offer: other } of this.#suppliers.values()) if (other.provider === offer.provider) count++;
    return count < maxOffersPerProvider;
  }

  /** Takes in an offer that is news and has been verified; whether its provider is new to the model. */
  add(offer: Offer, nowMs: number): boolean {
    const taken = { ...offer, expiresAtMs: Math.min(offer.expiresAtMs, nowMs + maxLifeMs) };
    const known = this.#suppliers.get(keyOf(offer));
    if (known !== undefined) known.offer = taken;
    else
      this.#suppliers.set(keyOf(offer), {
        offer: taken,
        inFlight: 0,
        breaker: closedBreaker,
        lastChosenAtMs: 0,
      });
    return known === undefined;
  }

  /** Forgets offers that expired, whose peer left, or whose provider is not in the registry any more. */
  prune(nowMs: number, gonePeer?: string): void {
    for (const [key, { offer }] of this.#suppliers) {
      const { expiresAtMs, peerId, provider } = offer;
      if (expiresAtMs <= nowMs || peerId === gonePeer || !this.#stakes.has(provider))
        this.#suppliers.delete(key);
    }
  }

  /** Whether anybody offers the model. */
  sells(modelId: Hex): boolean {
    for (const { offer } of this.#suppliers.values()) if (offer.model.id === modelId) return true;
    return false;
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
    return named.sort((a, b) => compareUnits(this.#stakeBehind(b), this.#stakeBehind(a)))[0]?.model;
  }

  #stakeBehind({ suppliers }: MarketModel): bigint {
    return suppliers.reduce((sum, { offer }) => sum + (this.#stakes.get(offer.provider) ?? 0n), 0n);
  }
}

const keyOf = ({ provider, model }: Offer): string => `${provider}/${model.id}`;
const compareUnits = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

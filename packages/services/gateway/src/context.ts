import type { Hex } from "@lichen/kernel";
import type { Clock, Ledger, Log, Network, Random, Signer, Store } from "@lichen/ports";
import type { PayerBook } from "./account/book.ts";
import type { Market } from "./supply/market.ts";
import type { GatewayOptions } from "./options.ts";

/** What the parts of one gateway share. */
export type Context = {
  readonly network: Network;
  readonly ledger: Ledger;
  readonly store: Store;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly options: GatewayOptions;
  readonly book: PayerBook;
  readonly market: Market;
  /** Providers to which a channel is being opened or taken up. */
  readonly preparing: Set<Hex>;
  /** Requests that wait for a provider with credit. */
  readonly queue: Queue;
  /** Aborts when the gateway stops. */
  readonly stopping: AbortSignal;
};

/** A line of requests; whoever stands first is woken first. */
export type Queue = {
  readonly length: number;
  /** Resolves when something changed that may let the request through. */
  wait(signal: AbortSignal): Promise<void>;
  /** Wakes up to `count` from the front. */
  wake(count: number): void;
};

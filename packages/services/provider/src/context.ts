import type { Clock, Engine, Ledger, Log, Network, Signer } from "@lichen/ports";
import type { ChannelBook } from "./book.ts";
import type { ProviderOptions } from "./options.ts";
import type { Settlement } from "./settle.ts";

/** What the parts of one provider share. */
export type Context = {
  readonly network: Network;
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly engine: Engine;
  readonly log: Log;
  readonly options: ProviderOptions;
  readonly book: ChannelBook;
  readonly windows: Settlement;
  /** Requests being answered, by payer and id, so that they can be cancelled. */
  readonly running: Map<string, AbortController>;
  /** Aborts when the provider stops. */
  readonly stopping: AbortSignal;
};

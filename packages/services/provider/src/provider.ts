import { LichenError } from "@lichen/kernel";
import {
  cancelRequestSchema,
  channelId,
  channelRequestSchema,
  closeRequestSchema,
  decodeMessage,
  describeRequestSchema,
  encodeMessage,
} from "@lichen/wire";
import type { Clock, Engine, Handler, Ledger, Log, Network, Signer, Store } from "@lichen/ports";
import { ChannelBook } from "./book.ts";
import { claimLoop, closeChannel } from "./claims.ts";
import type { Context } from "./context.ts";
import { infer } from "./infer.ts";
import { currentOffer, offerLoop } from "./offers.ts";
import type { ProviderOptions } from "./options.ts";
import { register } from "./register.ts";
import { createSettlement } from "./settle.ts";
import { providerStatus, type ProviderStatus } from "./status.ts";

export type { ProviderStatus } from "./status.ts";

/** The ports that a provider works with. */
export type ProviderComponents = {
  network: Network;
  ledger: Ledger;
  store: Store;
  signer: Signer;
  clock: Clock;
  engine: Engine;
  log: Log;
};

/** A running provider. */
export type Provider = {
  /** Takes up its channels, begins to listen, registers on the chain, offers its model. */
  start(): Promise<void>;
  /** Ends running requests, keeps what is owed for the next start. */
  stop(): Promise<void>;
  status(): ProviderStatus;
};

/**
 * The seller's side: serves one engine's model to gateways that pay through channels. Expects a
 * started ledger and a network that has not been started.
 *
 * @example
 * const provider = createProvider({ network, ledger, store, signer, clock, engine, log }, providerDefaults);
 * await provider.start();
 */
export function createProvider(components: ProviderComponents, options: ProviderOptions): Provider {
  const stopping = new AbortController();
  const { store, ledger, network } = components;
  const windows = createSettlement(() => context);
  const book = new ChannelBook(store, ledger, options);
  const context: Context = {
    ...components,
    options,
    book,
    windows,
    running: new Map(),
    stopping: stopping.signal,
  };
  let loops: Promise<unknown> = Promise.resolve();

  return {
    async start() {
      await book.load();
      serve(context);
      await network.start();
      await register(context);
      loops = Promise.all([offerLoop(context), claimLoop(context)]);
    },
    async stop() {
      stopping.abort(new LichenError("peer-unreachable", "the provider is stopping", { retryable: true }));
      await loops;
      await windows.idle();
      await network.stop();
    },
    status: () => providerStatus(context),
  };
}

/** Which method is answered by what. */
function serve(context: Context): void {
  const { network, book, running } = context;
  network.onPeer(({ type, peer }) => {
    if (type === "connected") return;
    // Whom we cannot ask is not asked: each try would fail, and be logged, again and again.
    for (const channel of book.channels.values()) if (channel.peerId === peer.id) channel.peerId = undefined;
  });
  const handlers: Record<string, Handler> = {
    infer: (incoming, send) => infer(context, incoming, send),
    async describe(incoming, send) {
      decodeMessage(describeRequestSchema, incoming.body, "describe");
      await send(encodeMessage({ offers: [await currentOffer(context)] }));
    },
    async channel({ body, peer }, send) {
      const { key } = decodeMessage(channelRequestSchema, body, "channel");
      assertPayer(key.payer, peer.account);
      const channel = await book.open(key);
      channel.peerId = peer.id;
      const { windowNumber, receiptsRoot, promisedUnits, creditRequests } = channel.account;
      await send(encodeMessage({ windowNumber, receiptsRoot, voucherUnits: promisedUnits, creditRequests }));
      context.windows.look(channel);
    },
    async cancel({ body, peer }, send) {
      const { id } = decodeMessage(cancelRequestSchema, body, "cancel");
      running
        .get(`${peer.account}/${id}`)
        ?.abort(new LichenError("limit-exceeded", "cancelled by the payer"));
      await send(encodeMessage({}));
    },
    async close({ body, peer, signal }, send) {
      const { key } = decodeMessage(closeRequestSchema, body, "close");
      assertPayer(key.payer, peer.account);
      const channel = book.channels.get(channelId(key));
      if (channel === undefined) throw new LichenError("channel-unknown", "no such channel with us");
      await closeChannel(context, channel, signal);
      await send(encodeMessage({}));
    },
  };
  for (const [method, handler] of Object.entries(handlers)) network.serve(method, handler);
}

function assertPayer(payer: string, account: string): void {
  if (payer !== account) throw new LichenError("payment-rejected", "only its payer may speak for a channel");
}

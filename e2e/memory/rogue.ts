import { fromHex, toHex, utf8, type Hex } from "@lichen/kernel";
import {
  costUnits,
  decodeMessage,
  digestOfRequest,
  encodeLeaf,
  encodeMessage,
  inferRequestSchema,
  keccak,
  leafHash,
  noReceipts,
  offerDigest,
  offerTopic,
  outputDigest,
  type InferRequest,
  type Leaf,
  type Offer,
} from "@lichen/wire";
import type { Handler, Ledger, Network } from "@lichen/ports";
import { createMemoryLedger, createMemoryNetwork, createMemorySigner } from "@lichen/ports/memory";
import { model, type World } from "./world.ts";

type Send = (message: object) => Promise<void>;
/** What a rogue does with a request. */
export type Rogue = {
  account: Hex;
  network: Network;
  ledger: Ledger;
  /** Requests that came, by method. */
  asked: string[];
  offer(change?: Partial<Offer>): Promise<Offer>;
  publish(topic: Hex, offer: Offer): Promise<void>;
  leaf(request: InferRequest, text: string, tokens: number[], change?: Partial<Leaf>): Hex;
};
export type RogueOptions = {
  infer?: (request: InferRequest, send: Send, signal: AbortSignal) => Promise<void>;
  /** Answers `channel`; by default as a provider that knows nothing. */
  channel?: Handler;
  offers?: (rogue: Rogue) => Promise<Offer[]>;
};

/** A provider that is registered and cheaper than all others, and does what a test tells it to. */
export async function startRogue(world: World, name: string, options: RogueOptions = {}): Promise<Rogue> {
  const { chain, hub, clock } = world;
  const signer = createMemorySigner(keccak(utf8(name)));
  chain.faucet(signer.address, { tokenUnits: 1_000_000_000n, nativeWei: 10n ** 18n });
  const ledger = createMemoryLedger(chain, { account: signer.address });
  const { chainId } = chain.deployment;
  const network = createMemoryNetwork(hub, { id: `peer-${name}`, signer, chainId, role: "provider" });
  const asked: string[] = [];
  const rogue: Rogue = {
    account: signer.address,
    network,
    ledger,
    asked,
    async offer(change = {}) {
      const unsigned = {
        chainId,
        provider: signer.address,
        peerId: network.id,
        model,
        engine: "rogue/1",
        slots: 64,
        price: { inputUnitsPerMTok: 1n, outputUnitsPerMTok: 1n },
        sequence: clock.nowMs(),
        expiresAtMs: clock.nowMs() + 60_000,
        ...change,
      };
      return { ...unsigned, signature: await signer.sign(offerDigest(unsigned)) };
    },
    publish: async (topic, offer) => network.publish(offerTopic(topic), encodeMessage(offer)),
    leaf(request, text, tokens, change = {}) {
      const leaf: Leaf = {
        requestDigest: digestOfRequest(request),
        outputDigest: outputDigest(fromHex(request.salt, 32), tokens, text),
        promptTokens: 1,
        completionTokens: tokens.length,
        costUnits: costUnits(request.price, 1, tokens.length),
        startedAtMs: clock.nowMs(),
        durationMs: 1,
        finishReason: "stop",
        ...change,
      };
      return toHex(encodeLeaf(leaf));
    },
  };
  const handlers: Record<string, Handler> = {
    async describe(_incoming, send) {
      await send(encodeMessage({ offers: (await options.offers?.(rogue)) ?? [await rogue.offer()] }));
    },
    channel:
      options.channel ??
      (async (_incoming, send) =>
        send(
          encodeMessage({ windowNumber: 0, receiptsRoot: noReceipts, voucherUnits: 0n, creditRequests: 0 }),
        )),
    async infer({ body, signal }, send) {
      const request = decodeMessage(inferRequestSchema, body, "infer");
      await options.infer?.(request, (message) => send(encodeMessage(message)), signal);
    },
    cancel: async (_incoming, send) => send(encodeMessage({})),
  };
  for (const [method, handler] of Object.entries(handlers)) {
    network.serve(method, async (incoming, send) => {
      asked.push(method);
      await handler(incoming, send);
    });
  }
  await network.start();
  await ledger.register(network.addresses()[0] as string);
  return rogue;
}

/** Hash of an encoded leaf. */
export const hashOf = (leaf: Hex): Hex => toHex(leafHash(fromHex(leaf)));

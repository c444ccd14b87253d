import { toHex, utf8, type Hex } from "@lichen/kernel";
import {
  channelId,
  encodeMessage,
  inferEventSchema,
  keccak,
  decodeMessage,
  voucherDigest,
  type ChannelKey,
  type InferEvent,
  type InferRequest,
  type SignedVoucher,
} from "@lichen/wire";
import {
  createMemoryLedger,
  createMemoryNetwork,
  createMemorySigner,
  createSeededRandom,
} from "@lichen/ports/memory";
import type { Handler, Ledger, Network } from "@lichen/ports";
import { model, type World } from "./world.ts";

/** A gateway that does what a test tells it to, not what the protocol says. */
export type Payer = {
  network: Network;
  ledger: Ledger;
  account: Hex;
  /** Opens a channel on the chain, without a word to the provider. */
  open(payee: Hex, depositUnits: bigint): Promise<ChannelKey>;
  /** Asks the provider a method that has one answer, or none. */
  ask(peerId: string, method: string, message: object, signal?: AbortSignal): Promise<any>;
  voucher(key: ChannelKey, amountUnits: bigint, receiptsRoot: Hex): Promise<SignedVoucher>;
  request(key: ChannelKey, more?: Partial<InferRequest>): InferRequest;
  infer(peerId: string, request: InferRequest, signal?: AbortSignal): Promise<InferEvent[]>;
};

/** Connects such a payer to the world's providers. `settle` answers their windows. */
export async function startPayer(world: World, name: string, settle?: Handler): Promise<Payer> {
  const { chain, hub } = world;
  const signer = createMemorySigner(keccak(utf8(name)));
  chain.faucet(signer.address, { tokenUnits: 1_000_000_000n, nativeWei: 10n ** 18n });
  const ledger = createMemoryLedger(chain, { account: signer.address });
  const { chainId } = chain.deployment;
  const network = createMemoryNetwork(hub, { id: `peer-${name}`, signer, chainId, role: "gateway" });
  if (settle !== undefined) network.serve("settle", settle);
  await network.start();
  for (const provider of world.providers) await network.connect(`/memory/peer-${provider.name}`);
  const random = createSeededRandom(99);
  const hex = (bytes: number): Hex => toHex(random.bytes(bytes));

  return {
    network,
    ledger,
    account: signer.address,
    async open(payee, depositUnits) {
      const key = { payer: signer.address, payee, salt: hex(32) };
      await ledger.open(payee, key.salt, depositUnits);
      return key;
    },
    async ask(peerId, method, message, signal) {
      for await (const item of network.request(peerId, method, encodeMessage(message), signal))
        return JSON.parse(Buffer.from(item).toString());
    },
    async voucher(key, amountUnits, receiptsRoot) {
      const unsigned = { channelId: channelId(key), amountUnits, receiptsRoot };
      const signature = await signer.sign(voucherDigest(chain.deployment, unsigned));
      return { ...unsigned, signature };
    },
    request: (key, more = {}) => ({
      id: hex(10).slice(2),
      channelId: channelId(key),
      salt: hex(32),
      model: model.id,
      messages: [{ role: "user", content: "to be or not" }],
      sampling: { maxTokens: 16, temperature: 0, topP: 1, seed: 1, stop: [] },
      price: { inputUnitsPerMTok: 100_000n, outputUnitsPerMTok: 400_000n },
      maxCostUnits: 100n,
      ...more,
    }),
    async infer(peerId, request, signal) {
      const events: InferEvent[] = [];
      for await (const item of network.request(peerId, "infer", encodeMessage(request), signal))
        events.push(decodeMessage(inferEventSchema, item, "infer event"));
      return events;
    },
  };
}

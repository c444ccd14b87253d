import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toHex, utf8, type Hex } from "@lichen/kernel";
import { ask, type Network, type Signer } from "@lichen/ports";
import { createMemoryLedger, createMemoryNetwork, createMemorySigner } from "@lichen/ports/memory";
import {
  channelId,
  channelResponseSchema,
  decodeMessage,
  encodeMessage,
  inferEventSchema,
  keccak,
  noReceipts,
  voucherDigest,
  type ChannelKey,
  type InferRequest,
  type LedgerDomain,
  type SignedVoucher,
} from "@lichen/wire";
import { inWorld } from "./in-world.ts";
import { model, type World } from "./world.ts";

/** A payer that speaks the protocol itself and may say anything. */
type Payer = {
  network: Network;
  signer: Signer;
  key: ChannelKey;
  domain: LedgerDomain;
  voucher(
    amountUnits: bigint,
    change?: Partial<SignedVoucher> & { domain?: LedgerDomain; signer?: Signer },
  ): Promise<SignedVoucher>;
  infer(prepaid: SignedVoucher | undefined, change?: Partial<InferRequest>): Promise<string>;
};

const peer = "peer-provider-1";
const signal = AbortSignal.timeout(60_000);
let requests = 0;

async function createPayer(world: World, name: string, depositUnits = 10_000n): Promise<Payer> {
  const signer = createMemorySigner(keccak(utf8(name)));
  world.chain.faucet(signer.address, { tokenUnits: 1_000_000n, nativeWei: 10n ** 18n });
  const ledger = createMemoryLedger(world.chain, { account: signer.address });
  await ledger.start();
  const { deployment } = ledger;
  const network = createMemoryNetwork(world.hub, {
    id: `peer-${name}`,
    signer,
    chainId: deployment.chainId,
    role: "gateway",
  });
  await network.start();
  const provider = world.providers[0]?.account as Hex;
  await network.connect(`/memory/${peer}`);
  const key = { payer: signer.address, payee: provider, salt: toHex(keccak(utf8(`salt of ${name}`))) };
  await ledger.open(provider, key.salt, depositUnits);
  await ask(network, peer, "channel", { key }, channelResponseSchema, signal);
  return {
    network,
    signer,
    key,
    domain: deployment,
    async voucher(amountUnits, { domain = deployment, signer: by = signer, ...change } = {}) {
      const voucher = { channelId: channelId(key), amountUnits, receiptsRoot: noReceipts, ...change };
      return { ...voucher, signature: change.signature ?? (await by.sign(voucherDigest(domain, voucher))) };
    },
    async infer(prepaid, change = {}) {
      const request: InferRequest = {
        id: `request-${String(++requests).padStart(16, "0")}`,
        channelId: channelId(key),
        salt: toHex(keccak(utf8(`${name} ${requests}`))),
        model: model.id,
        messages: [{ role: "user", content: "four words are enough" }],
        sampling: { maxTokens: 16, temperature: 1, topP: 1, seed: 1, stop: [] },
        price: { inputUnitsPerMTok: 100_000n, outputUnitsPerMTok: 400_000n },
        maxCostUnits: 100n,
        prepaid,
        ...change,
      };
      let text = "";
      for await (const item of network.request(peer, "infer", encodeMessage(request), signal)) {
        const event = decodeMessage(inferEventSchema, item, "event");
        if (event.type === "tokens") text += event.text;
      }
      return text;
    },
  };
}

describe("a hostile payer", () => {
  it("gets nothing without paying, and nothing for a voucher that is not one", async () => {
    await inWorld({}, async (world) => {
      const payer = await createPayer(world, "mallory");
      const stranger = createMemorySigner(keccak(utf8("somebody else")));
      const otherChain = { ...payer.domain, chainId: payer.domain.chainId + 1 };
      const otherContract: LedgerDomain = { ...payer.domain, channels: `0x${"12".repeat(20)}` };
      const cases: [string, Promise<SignedVoucher | undefined>, string][] = [
        ["no voucher", Promise.resolve(undefined), "no-credit"],
        ["too small", payer.voucher(99n), "no-credit"],
        ["somebody else's signature", payer.voucher(100n, { signer: stranger }), "bad-signature"],
        [
          "garbage for a signature",
          payer.voucher(100n, { signature: `0x${"ff".repeat(65)}` }),
          "bad-signature",
        ],
        ["another chain", payer.voucher(100n, { domain: otherChain }), "bad-signature"],
        ["another contract", payer.voucher(100n, { domain: otherContract }), "bad-signature"],
        ["another channel", payer.voucher(100n, { channelId: `0x${"34".repeat(32)}` }), "payment-rejected"],
        [
          "another history",
          payer.voucher(100n, { receiptsRoot: `0x${"56".repeat(32)}` }),
          "payment-rejected",
        ],
        ["more than the deposit", payer.voucher(10_001n), "payment-rejected"],
      ];
      for (const [name, voucher, code] of cases) {
        await assert.rejects(payer.infer(await voucher), { code }, name);
      }
      assert.equal(world.providers[0]?.provider.status().requestsRunning, 0);
      await payer.network.stop();
    });
  });

  it("cannot use a voucher twice, nor a lower one after it", async () => {
    await inWorld({}, async (world) => {
      const payer = await createPayer(world, "mallory");
      const voucher = await payer.voucher(200n);
      assert.equal(await payer.infer(voucher), "four words are enough");
      // It never signs for its first window, so its credit stays at nothing.
      await assert.rejects(payer.infer(voucher), { code: "voucher-stale" });
      await assert.rejects(payer.infer(await payer.voucher(150n)), { code: "voucher-stale" });
      await assert.rejects(payer.infer(undefined), { code: "no-credit" });
      await assert.rejects(payer.infer(await payer.voucher(400n)), { code: "no-credit" });
      await payer.network.stop();
    });
  });

  it("cannot spend another payer's channel, nor below the price, nor on another model", async () => {
    await inWorld({}, async (world) => {
      const alice = await createPayer(world, "alice");
      const mallory = await createPayer(world, "mallory");
      const voucher = await alice.voucher(100n);
      await assert.rejects(mallory.infer(voucher, { channelId: channelId(alice.key) }), {
        code: "payment-rejected",
      });
      await assert.rejects(
        ask(mallory.network, peer, "channel", { key: alice.key }, channelResponseSchema, signal),
        { code: "payment-rejected" },
      );
      const price = { inputUnitsPerMTok: 1n, outputUnitsPerMTok: 1n };
      await assert.rejects(mallory.infer(await mallory.voucher(100n), { price }), {
        code: "payment-rejected",
      });
      await assert.rejects(mallory.infer(await mallory.voucher(100n), { model: `0x${"78".repeat(32)}` }), {
        code: "model-unknown",
      });
      assert.equal(await alice.infer(voucher), "four words are enough");
      await Promise.all([alice.network.stop(), mallory.network.stop()]);
    });
  });

  it("cannot announce a channel that is not on the chain, or one that pays somebody else", async () => {
    await inWorld({}, async (world) => {
      const payer = await createPayer(world, "mallory");
      const announce = (key: ChannelKey): Promise<unknown> =>
        ask(payer.network, peer, "channel", { key }, channelResponseSchema, signal);
      await assert.rejects(announce({ ...payer.key, salt: noReceipts }), { code: "channel-unknown" });
      await assert.rejects(announce({ ...payer.key, payee: `0x${"9a".repeat(20)}` }), {
        code: "payment-rejected",
      });
      await payer.network.stop();
    });
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LichenError, type Hex } from "@lichen/kernel";
import { noReceipts } from "@lichen/wire";
import type { Engine } from "@lichen/ports";
import { inWorld } from "./in-world.ts";
import { startPayer } from "./payer.ts";
import { until, type World } from "./world.ts";

const peer = "peer-provider-1";
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing",
    (error: { code?: string }) => error.code ?? "no code",
  );

const payee = (world: World): Hex => world.providers[0]?.account as Hex;

describe("a provider whose payer", () => {
  it("brings the voucher again that the last request came with, which ended without a leaf", async () => {
    await inWorld({ wrapEngine: failingOnce }, async (world) => {
      const payer = await startPayer(world, "payer");
      const key = await payer.open(payee(world), 10_000n);
      await payer.ask(peer, "channel", { key });
      const prepaid = await payer.voucher(key, 100n, noReceipts);
      assert.equal(await codeOf(payer.infer(peer, payer.request(key, { prepaid }))), "engine-failed");
      const events = await payer.infer(peer, payer.request(key, { prepaid }));
      assert.equal(events.at(-1)?.type, "leaf");
      const lower = await payer.voucher(key, 99n, noReceipts);
      assert.equal(await codeOf(payer.infer(peer, payer.request(key, { prepaid: lower }))), "voucher-stale");
    });
  });

  it("asks many times at once to close a channel sends one claim and one release", async () => {
    await inWorld({}, async (world) => {
      const payer = await startPayer(world, "payer");
      const key = await payer.open(payee(world), 10_000n);
      await payer.ask(peer, "channel", { key });
      const prepaid = await payer.voucher(key, 100n, noReceipts);
      // Refused for its price, but the voucher counts.
      await codeOf(payer.infer(peer, payer.request(key, { prepaid, maxCostUnits: 0n })));
      const before = (await world.providers[0]?.ledger.balance())?.nativeWei ?? 0n;
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => codeOf(payer.ask(peer, "close", { key }))),
      );
      assert.equal(answers.filter((code) => code === "nothing").length, 1, answers.join());
      const after = (await world.providers[0]?.ledger.balance())?.nativeWei ?? 0n;
      assert.ok(before - after <= 3n * world.chain.claimFeeWei(1), `spent ${before - after} wei on gas`);
      assert.equal((await payer.ledger.channel(key))?.closed, true);
    });
  });

  it("asks to close a channel that brought nothing does not pay gas for it", async () => {
    await inWorld({}, async (world) => {
      const payer = await startPayer(world, "payer");
      const key = await payer.open(payee(world), 10_000n);
      await payer.ask(peer, "channel", { key });
      assert.equal(await codeOf(payer.ask(peer, "close", { key })), "payment-rejected");
      assert.equal((await payer.ledger.channel(key))?.closed, false);
    });
  });

  it("pays in advance from a top-up that the provider has not seen yet is served", async () => {
    await inWorld({ provider: { claimEveryMs: 60_000 } }, async (world) => {
      const payer = await startPayer(world, "payer");
      const key = await payer.open(payee(world), 50n);
      await payer.ask(peer, "channel", { key });
      await payer.ledger.topUp(key, 10_000n);
      const prepaid = await payer.voucher(key, 100n, noReceipts);
      const events = await payer.infer(peer, payer.request(key, { prepaid }));
      assert.equal(events.at(-1)?.type, "leaf");
    });
  });

  it("opens more channels than the provider keeps is refused, until one is closed", async () => {
    await inWorld({ provider: { maxChannels: 3, claimEveryMs: 20 } }, async (world) => {
      const payer = await startPayer(world, "payer");
      const keys = [];
      for (let i = 0; i < 3; i++) keys.push(await payer.open(payee(world), 10n));
      const codes = [];
      for (const key of keys) codes.push(await codeOf(payer.ask(peer, "channel", { key })));
      // The world's own gateway has none yet: it opens one with its first request.
      assert.deepEqual(codes, ["nothing", "nothing", "nothing"]);
      const one = await payer.open(payee(world), 10n);
      assert.equal(await codeOf(payer.ask(peer, "channel", { key: one })), "limit-exceeded");
      await world.providers[0]?.ledger.release(keys[0] as never);
      await until(
        async () => (await codeOf(payer.ask(peer, "channel", { key: one }))) === "nothing",
        "the closed one makes room",
      );
      assert.equal(world.providers[0]?.provider.status().channels.length, 3);
    });
  });
});

/** Fails the first request after its prompt was read. */
function failingOnce(engine: Engine): Engine {
  let failed = false;
  return {
    model: engine.model,
    name: engine.name,
    slots: engine.slots,
    stop: () => engine.stop(),
    async *generate(request, signal) {
      if (failed) return yield* engine.generate(request, signal);
      failed = true;
      throw new LichenError("engine-failed", "out of order", { retryable: true });
    },
  };
}

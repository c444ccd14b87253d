import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { LichenError, toHex, type Hex } from "@lichen/kernel";
import {
  channelId,
  voucherDigest,
  type ChannelKey,
  type LedgerDomain,
  type SignedVoucher,
} from "@lichen/wire";
import type { Claim, Ledger } from "../ledger.ts";
import type { Signer } from "../signer.ts";

/** Three accounts of one chain, each with at least 1,000,000,000 units and money for gas, started. */
export type LedgerWorld = {
  payer: Ledger;
  payee: Ledger;
  stranger: Ledger;
  payerSigner: Signer;
  strangerSigner: Signer;
  withdrawalDelayS: number;
  /** Lets time pass on the chain. */
  advance(seconds: number): Promise<void>;
  teardown(): Promise<void>;
};

const deposit = 10_000n;
const absent: Hex = `0x${"7e".repeat(20)}`;
const root: Hex = `0x${"5c".repeat(32)}`;

/**
 * What every ledger does; registers the tests.
 * @example ledgerCompliance("memory", { setup: async () => world() });
 */
export function ledgerCompliance(name: string, { setup }: { setup: () => Promise<LedgerWorld> }): void {
  suite(`${name} keeps the ledger's contract`, () => {
    let world: LedgerWorld;
    let payer: Ledger;
    let payee: Ledger;
    let heldAtFirst: bigint;
    let salts = 0;

    before(async () => {
      world = await setup();
      ({ payer, payee } = world);
      heldAtFirst = await held();
    });
    after(() => world?.teardown());

    const nextSalt = (): Hex => toHex(new Uint8Array(32).fill(++salts));
    const opened = async (units = deposit): Promise<ChannelKey> => {
      const key = { payer: payer.account, payee: payee.account, salt: nextSalt() };
      await payer.open(key.payee, key.salt, units);
      return key;
    };
    const claimOf = async (
      key: ChannelKey,
      amountUnits: bigint,
      {
        signer = world.payerSigner,
        domain = payer.deployment,
      }: { signer?: Signer; domain?: LedgerDomain } = {},
    ): Promise<Claim> => {
      const voucher = { channelId: channelId(key), amountUnits, receiptsRoot: root };
      const signature = await signer.sign(voucherDigest(domain, voucher));
      return { key, voucher: { ...voucher, signature } satisfies SignedVoucher };
    };
    const held = async (): Promise<bigint> => {
      const { channels, nodes } = payer.deployment;
      const accounts = [payer.account, payee.account, world.stranger.account, channels, nodes];
      const balances = await Promise.all(accounts.map((account) => payer.balance(account)));
      return balances.reduce((sum, { tokenUnits }) => sum + tokenUnits, 0n);
    };
    const tokens = async (ledger: Ledger): Promise<bigint> => (await ledger.balance()).tokenUnits;

    test("registers a node, replaces its endpoint, stakes, lists", async () => {
      assert.equal(await payee.node(payee.account), undefined);
      await refusedFor("NotRegistered", payee.stake(5n));
      await payee.register("/ip4/127.0.0.1/tcp/1");
      await payee.register("/ip4/127.0.0.1/tcp/2");
      await world.stranger.register("/ip4/127.0.0.1/tcp/3");
      const before = await tokens(payee);
      await payee.stake(5n);
      await payee.stake(7n);
      const expected = { account: payee.account, endpoint: "/ip4/127.0.0.1/tcp/2", stakeUnits: 12n };
      assert.deepEqual(await payer.node(payee.account), expected);
      assert.equal(before - (await tokens(payee)), 12n);
      assert.deepEqual(
        (await payer.nodes()).map(({ account }) => account),
        [payee.account, world.stranger.account],
      );
      assert.equal(await payer.node(absent), undefined);
    });

    test("refuses an endpoint that is empty or too long, a stake of nothing or less", async () => {
      await refusedFor("EndpointEmpty", payer.register(""));
      await refusedFor("EndpointTooLong", payer.register("x".repeat(257)));
      await refusedFor("AmountZero", payee.stake(0n));
      await rejects("bad-argument", payee.stake(-1n));
      await rejects("bad-argument", payee.stake(1n << 96n));
    });

    test("opens a channel once", async () => {
      const before = await tokens(payer);
      const key = await opened();
      assert.equal(before - (await tokens(payer)), deposit);
      const state = { depositUnits: deposit, claimedUnits: 0n, withdrawableAtS: undefined, closed: false };
      assert.deepEqual(await payee.channel(key), state);
      await refusedFor("ChannelExists", payer.open(key.payee, key.salt, deposit));
      assert.equal(await payee.channel({ ...key, salt: nextSalt() }), undefined);
    });

    test("refuses a channel with nothing in it, to nobody, or beyond the payer's means", async () => {
      await refusedFor("AmountZero", payer.open(payee.account, nextSalt(), 0n));
      await refusedFor("PayeeInvalid", payer.open(`0x${"00".repeat(20)}`, nextSalt(), 1n));
      const { tokenUnits } = await payer.balance();
      await refusedFor("ERC20InsufficientBalance", payer.open(payee.account, nextSalt(), tokenUnits + 1n));
      await rejects("bad-argument", payer.open(payee.account, nextSalt(), 1n << 96n));
    });

    test("tells what a transaction cost and where it is", async () => {
      const key = { payer: payer.account, payee: payee.account, salt: nextSalt() };
      const { nativeWei } = await payer.balance();
      const mined = await payer.open(key.payee, key.salt, deposit);
      assert.equal(nativeWei - (await payer.balance()).nativeWei, mined.feeWei);
      assert.ok(mined.feeWei > 0n && mined.blockNumber > 0);
      assert.match(mined.transaction, /^0x[0-9a-f]{64}$/);
    });

    test("tops up, by anybody, a channel that exists", async () => {
      const key = await opened();
      await payer.topUp(key, 1n);
      await world.stranger.topUp(key, 2n);
      assert.equal((await payer.channel(key))?.depositUnits, deposit + 3n);
      await refusedFor("ChannelUnknown", payer.topUp({ ...key, salt: nextSalt() }, 1n));
      await refusedFor("AmountZero", payer.topUp(key, 0n));
    });

    test("pays the difference between vouchers, and none twice", async () => {
      const key = await opened();
      const before = await tokens(payee);
      const first = await payee.claim([await claimOf(key, 100n)]);
      const second = await payee.claim([await claimOf(key, 250n)]);
      assert.deepEqual(first.outcomes, [{ channelId: channelId(key), paidUnits: 100n }]);
      assert.deepEqual(second.outcomes, [{ channelId: channelId(key), paidUnits: 150n }]);
      assert.equal(await skippedFor(await claimOf(key, 250n)), "VoucherStale");
      assert.equal(await skippedFor(await claimOf(key, 249n)), "VoucherStale");
      assert.equal((await tokens(payee)) - before, 250n);
      assert.equal((await payer.channel(key))?.claimedUnits, 250n);
      assert.deepEqual(await payer.claimed(channelId(key)), [
        {
          channelId: channelId(key),
          transaction: first.transaction,
          blockNumber: first.blockNumber,
          claimedUnits: 100n,
        },
        {
          channelId: channelId(key),
          transaction: second.transaction,
          blockNumber: second.blockNumber,
          claimedUnits: 250n,
        },
      ]);
    });

    test("pays a voucher beyond the deposit as far as it goes, the rest after a top-up", async () => {
      const key = await opened(100n);
      const claim = await claimOf(key, 130n);
      assert.deepEqual((await payee.claim([claim])).outcomes, [
        { channelId: channelId(key), paidUnits: 100n },
      ]);
      assert.equal(await skippedFor(claim), "DepositExhausted");
      await payer.topUp(key, 50n);
      assert.deepEqual((await payee.claim([claim])).outcomes, [
        { channelId: channelId(key), paidUnits: 30n },
      ]);
    });

    test("claims many at once; one that cannot be paid does not hinder the rest", async () => {
      const [good, stale, unknown, better] = [await opened(), await opened(), await opened(), await opened()];
      await payee.claim([await claimOf(stale, 10n)]);
      const before = await tokens(payee);
      const { outcomes } = await payee.claim([
        await claimOf(good, 40n),
        await claimOf(stale, 10n),
        await claimOf({ ...unknown, salt: nextSalt() }, 10n),
        await claimOf(better, 60n),
        await claimOf(better, 60n),
      ]);
      assert.deepEqual(
        outcomes.map((outcome) => ("paidUnits" in outcome ? outcome.paidUnits : outcome.skipped)),
        [40n, "VoucherStale", "ChannelUnknown", 60n, "VoucherStale"],
      );
      assert.equal((await tokens(payee)) - before, 100n);
    });

    test("pays no voucher that the payer did not sign for this chain and contract", async () => {
      const key = await opened();
      const { deployment } = payer;
      const wrong: Claim[] = [
        await claimOf(key, 10n, { signer: world.strangerSigner }),
        await claimOf(key, 10n, { domain: { ...deployment, chainId: deployment.chainId + 1 } }),
        await claimOf(key, 10n, { domain: { ...deployment, channels: absent } }),
        { key, voucher: { ...(await claimOf(key, 10n)).voucher, amountUnits: 11n } },
        { key, voucher: { ...(await claimOf(key, 10n)).voucher, signature: `0x${"00".repeat(65)}` } },
        { key, voucher: { ...(await claimOf(key, 10n)).voucher, signature: `0x${"ff".repeat(65)}` } },
        { key, voucher: { ...(await claimOf(key, 10n)).voucher, signature: "0x12" } },
        { key, voucher: await malleated(claimOf(key, 10n)) },
      ];
      const { outcomes } = await payee.claim(wrong);
      assert.deepEqual(
        outcomes,
        wrong.map(() => ({ channelId: channelId(key), skipped: "SignatureInvalid" })),
      );
      assert.equal((await payer.channel(key))?.claimedUnits, 0n);
    });

    test("takes claims of its own only, at least one and not too many", async () => {
      const key = await opened();
      const claim = await claimOf(key, 10n);
      await rejects("bad-argument", payee.claim([]));
      await rejects("bad-argument", payee.claim(Array.from({ length: 101 }, () => claim)));
      await rejects("bad-argument", world.stranger.claim([claim]));
    });

    test("foresees what a claim costs, within a factor of two", async () => {
      const keys = [await opened(), await opened(), await opened()];
      for (const group of [keys.slice(0, 1), keys.slice(1)]) {
        const foreseen = await payee.claimFeeWei(group.length);
        const claims = await Promise.all(group.map((key) => claimOf(key, 10n)));
        const { feeWei } = await payee.claim(claims);
        assert.ok(feeWei <= 2n * foreseen && foreseen <= 2n * feeWei, `${foreseen} foreseen, ${feeWei} paid`);
      }
    });

    test("lets the payer withdraw after the delay, and the payee claim meanwhile", async () => {
      const key = await opened();
      const claim = await claimOf(key, 30n);
      await refusedFor("WithdrawalNotRequested", payer.withdraw(key));
      await payer.requestWithdrawal(key);
      const at = (await payee.channel(key))?.withdrawableAtS ?? assert.fail("no withdrawal seen");
      assert.ok(Math.abs(at - (await payer.timeS()) - world.withdrawalDelayS) <= 10, `withdrawable at ${at}`);
      await refusedFor("WithdrawalAlreadyRequested", payer.requestWithdrawal(key));
      await refusedFor("WithdrawalTooEarly", payer.withdraw(key));
      assert.deepEqual((await payee.claim([claim])).outcomes, [
        { channelId: channelId(key), paidUnits: 30n },
      ]);
      await world.advance(world.withdrawalDelayS + 1);
      const before = await tokens(payer);
      await payer.withdraw(key);
      assert.equal((await tokens(payer)) - before, deposit - 30n);
      const state = { depositUnits: 30n, claimedUnits: 30n, withdrawableAtS: undefined, closed: true };
      assert.deepEqual(await payer.channel(key), state);
    });

    test("closes a channel for good", async () => {
      const key = await opened();
      await refusedFor("NotPayee", payer.release(key));
      const before = await tokens(payer);
      await payee.release(key);
      assert.equal((await tokens(payer)) - before, deposit);
      assert.equal((await payer.channel(key))?.closed, true);
      await refusedFor("ChannelAlreadyClosed", payee.release(key));
      await refusedFor("ChannelAlreadyClosed", payer.topUp(key, 1n));
      await refusedFor("ChannelExists", payer.open(key.payee, key.salt, 1n));
      assert.equal(await skippedFor(await claimOf(key, 10n)), "ChannelAlreadyClosed");
    });

    test("gives only the payer a withdrawal", async () => {
      const key = await opened();
      await refusedFor("ChannelUnknown", payee.requestWithdrawal(key));
      await refusedFor("ChannelUnknown", world.stranger.requestWithdrawal(key));
    });

    test("does many things asked for at once", async () => {
      const keys = await Promise.all([opened(), opened(), opened()]);
      await Promise.all(keys.map((key) => payer.topUp(key, 5n)));
      for (const key of keys) assert.equal((await payer.channel(key))?.depositUnits, deposit + 5n);
    });

    test("made and lost no unit in all of this", async () => {
      assert.equal(await held(), heldAtFirst);
    });

    async function skippedFor(claim: Claim): Promise<string> {
      const [outcome] = (await payee.claim([claim])).outcomes;
      return outcome !== undefined && "skipped" in outcome ? outcome.skipped : assert.fail("was paid");
    }
  });
}

/** The other signature by the same key over the same digest: (r, n - s) with v flipped. */
async function malleated(claim: Promise<Claim>): Promise<SignedVoucher> {
  const { voucher } = await claim;
  const order = 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe_baae_dce6_af48_a03b_bfd2_5e8c_d036_4141n;
  const s = order - BigInt(`0x${voucher.signature.slice(66, 130)}`);
  const v = voucher.signature.endsWith("1b") ? "1c" : "1b";
  return {
    ...voucher,
    signature: `${voucher.signature.slice(0, 66)}${s.toString(16).padStart(64, "0")}${v}` as Hex,
  };
}

async function rejects(code: string, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => error instanceof LichenError && error.code === code);
}

/** The contract's own reason is told. */
async function refusedFor(reason: string, work: Promise<unknown>): Promise<void> {
  await assert.rejects(
    work,
    (error) =>
      error instanceof LichenError &&
      error.code === "transaction-failed" &&
      error.details?.startsWith(`${reason}(`) === true,
  );
}

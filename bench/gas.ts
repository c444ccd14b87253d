import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEvmLedger, deployLocal, startLocalChain } from "@lichen/adapter-evm";
import { systemClock } from "@lichen/adapter-system";
import { toHex, type Hex } from "@lichen/kernel";
import type { Claim, Ledger, Mined } from "@lichen/ports";
import { createMemorySigner, createMemoryStore, createSeededRandom } from "@lichen/ports/memory";
import { channelId, voucherDigest, type ChannelKey } from "@lichen/wire";

/** Gas of what a channel's life consists of, whole transactions on a real anvil, read from their receipts. */
const targets = { openGas: 70_000, claimOneGas: 55_000, claimPerChannelAt50Gas: 14_500 };
const batch = 50;
const deposit = 100_000_000n;
const clock = systemClock;
const log = (): void => {};

const dir = await mkdtemp(join(tmpdir(), "lichen-gas-"));
const startedMs = performance.now();
const chain = await startLocalChain({ clock, random: createSeededRandom(1), log }, { dir, port: 0 });
const chainMs = performance.now() - startedMs;
try {
  const { deployment, token, faucet } = await deployLocal({ chain, clock });
  const deployedMs = performance.now() - startedMs;
  const [payerSigner, payeeSigner] = [1, 2].map((seed) => createMemorySigner(new Uint8Array(32).fill(seed)));
  if (payerSigner === undefined || payeeSigner === undefined) throw new Error("two signers were made");
  const ledgers = await Promise.all(
    [payerSigner, payeeSigner].map(async (signer) => {
      await faucet(signer.address, { tokenUnits: deposit * 1_000n, nativeWei: 10n ** 18n });
      const store = createMemoryStore();
      const ledger = createEvmLedger(
        { signer, store, clock, log },
        { rpcUrls: [chain.rpcUrl], deployment, token },
      );
      await ledger.start();
      return ledger;
    }),
  );
  const [payer, payee] = ledgers as [Ledger, Ledger];
  const gasOf = async ({ transaction }: Mined): Promise<number> => {
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "eth_getTransactionReceipt",
      params: [transaction],
    });
    const headers = { "content-type": "application/json" };
    const response = await fetch(chain.rpcUrl, { method: "POST", headers, body });
    return Number(((await response.json()) as { result: { gasUsed: string } }).result.gasUsed);
  };
  const keyOf = (number: number): ChannelKey => {
    const salt = toHex(new Uint8Array(32).fill(0x5a).fill(number, 0, 8));
    return { payer: payer.account, payee: payee.account, salt };
  };
  const claimOf = async (key: ChannelKey, amountUnits: bigint): Promise<Claim> => {
    const receiptsRoot: Hex = `0x${"c3".repeat(32)}`;
    const voucher = { channelId: channelId(key), amountUnits, receiptsRoot };
    return {
      key,
      voucher: { ...voucher, signature: await payerSigner.sign(voucherDigest(deployment, voucher)) },
    };
  };

  // Steady state: payer, payee and contract hold tokens already, the approval stands.
  const first = keyOf(0);
  await payer.open(first.payee, first.salt, deposit);
  const keys = Array.from({ length: batch }, (_, i) => keyOf(i + 1));
  let openGas = 0;
  for (const key of keys)
    openGas = Math.max(openGas, await gasOf(await payer.open(key.payee, key.salt, deposit)));
  const topUpGas = await gasOf(await payer.topUp(first, deposit));
  const claimOneGas = await gasOf(await payee.claim([await claimOf(first, 40_000_000n)]));
  const many = await payee.claim(await Promise.all(keys.map((key) => claimOf(key, 40_000_000n))));
  if (many.outcomes.some((outcome) => !("paidUnits" in outcome))) throw new Error("a claim was skipped");
  const claimManyGas = await gasOf(many);
  const claimPerChannelAt50Gas = Math.ceil(claimManyGas / batch);
  const againOneGas = await gasOf(await payee.claim([await claimOf(first, 50_000_000n)]));
  for (const ledger of ledgers) await ledger.stop();

  const result = { openGas, claimOneGas, claimPerChannelAt50Gas, claimPerChannelAt50WithRoyaltyGas: null };
  console.log(
    "Gas of whole transactions on anvil, in the steady state: all balances involved are non-zero before.\n",
  );
  const line = (what: string, gas: number | string, target?: number): void => {
    const verdict = target === undefined ? "" : `<= ${target} ${Number(gas) <= target ? "met" : "MISSED"}`;
    console.log(`${what.padEnd(44)} ${String(gas).padStart(10)}  ${verdict}`);
  };
  line("open", openGas, targets.openGas);
  line("top up", topUpGas);
  line("claim one, the channel's first", claimOneGas, targets.claimOneGas);
  line("claim one, later", againOneGas);
  line(`claim ${batch}, each channel's first: in all`, claimManyGas);
  line("  per channel", claimPerChannelAt50Gas, targets.claimPerChannelAt50Gas);
  line("  per channel with royalty lines", "null");
  console.log("\nnull: vouchers carry no royalty lines yet, so there is nothing to measure.");
  console.log(
    `anvil answered after ${chainMs.toFixed(0)} ms, contracts stood after ${deployedMs.toFixed(0)} ms.`,
  );
  console.log(JSON.stringify(result));
  if (Object.entries(targets).some(([name, most]) => result[name as keyof typeof targets] > most))
    process.exitCode = 1;
} finally {
  await chain.stop();
  await rm(dir, { recursive: true });
}

import { LichenError, type Hex } from "@lichen/kernel";
import type { Clock, Deployment, Token } from "@lichen/ports";
import { encodeDeployData, encodeFunctionData, getContractAddress } from "viem/utils";
import { channelsBytecode } from "./generated/channels.ts";
import { nodesBytecode } from "./generated/nodes.ts";
import { tokenBytecode } from "./generated/token.ts";
import { channelsAbi, lower, nodesAbi, tokenAbi } from "./internal/contracts.ts";
import { transactionFailed } from "./internal/faults.ts";
import { feeFields, gasPrice } from "./internal/fees.ts";
import { readDeployment, writeDeployment } from "./internal/home.ts";
import { createRpc, type Rpc } from "./internal/rpc.ts";
import { signTransaction } from "./internal/sign-transaction.ts";
import type { LocalChain } from "./start-local-chain.ts";

const rpcTimeoutMs = 10_000;
const minedWithinMs = 30_000;
const pollMs = 3;
const defaultWithdrawalDelayS = 3_600;
const defaultUnstakeDelayS = 86_400;
/** Ten million of the chain's own coin, which is worth nothing, for the deployer's gas. */
const deployerWei = 10n ** 25n;

/** What stands on a local chain, and money for those who use it. */
export type LocalDeployment = {
  deployment: Deployment;
  token: Token;
  /**
   * Raises an account's balances to at least these, so that asking twice gives nothing twice. When it
   * resolves the money survives `kill -9`.
   */
  faucet: (account: Hex, least: { tokenUnits?: bigint; nativeWei?: bigint }) => Promise<void>;
};

/**
 * Deploys token, `Nodes` and `Channels` where they are not there yet. Their addresses follow from the
 * deployer and its first three nonces, so that an interrupted deployment is taken up where it stopped.
 *
 * @param options.withdrawalDelayS default an hour
 * @param options.unstakeDelayS default a day
 * @throws {LichenError} `chain-unavailable`, `transaction-failed`; `state-invalid` where the home's
 *   `deployment.json` names something else
 */
export async function deployLocal(
  { chain, clock }: { chain: LocalChain; clock: Clock },
  options: { withdrawalDelayS?: number; unstakeDelayS?: number } = {},
): Promise<LocalDeployment> {
  const { withdrawalDelayS = defaultWithdrawalDelayS, unstakeDelayS = defaultUnstakeDelayS } = options;
  const rpc = createRpc({ clock }, { urls: [chain.rpcUrl], timeoutMs: rpcTimeoutMs });
  const send = createDeployer({ chain, clock, rpc });
  const owner = chain.deployer.address;
  const addressAt = (nonce: number): Hex => lower(getContractAddress({ from: owner, nonce: BigInt(nonce) }));
  const [token, nodes, channels] = [addressAt(0), addressAt(1), addressAt(2)];
  const deployment = { chainId: chain.chainId, token, nodes, channels };

  const known = await readDeployment(chain.dir);
  if (known === undefined) {
    await rpc.call("anvil_setBalance", [owner, hex(deployerWei)]);
    const creations = [
      encodeDeployData({ abi: tokenAbi, bytecode: tokenBytecode, args: [owner] }),
      encodeDeployData({ abi: nodesAbi, bytecode: nodesBytecode, args: [token, BigInt(unstakeDelayS)] }),
      encodeDeployData({
        abi: channelsAbi,
        bytecode: channelsBytecode,
        args: [token, BigInt(withdrawalDelayS)],
      }),
    ];
    for (const [nonce, data] of creations.entries()) {
      const code = await rpc.call("eth_getCode", [addressAt(nonce), "latest"]);
      if (code === "0x") await send(undefined, data);
    }
    // First the chain on disk, then the file that says what is on it.
    await chain.snapshot();
    const first = (await rpc.call("eth_getBlockByNumber", ["0x1", false])) as { hash: string };
    await writeDeployment(chain.dir, { version: 1, ...deployment, blockOneHash: first.hash });
  } else if (known.chainId !== chain.chainId || known.channels !== channels) {
    throw new LichenError("state-invalid", "the deployment on disk belongs to another chain", {
      details: `chain ${known.chainId} and ${chain.chainId}, in ${chain.dir}`,
      remedy: "Start over with an empty home: `lichen reset`.",
    });
  }

  return {
    deployment,
    token: { symbol: "LTD", decimals: 6 },
    async faucet(account, { tokenUnits = 0n, nativeWei = 0n }) {
      const balance = { abi: tokenAbi, functionName: "balanceOf", args: [account] } as const;
      const heldUnits = BigInt(
        (await rpc.call("eth_call", [{ to: token, data: encodeFunctionData(balance) }, "latest"])) as string,
      );
      const heldWei = BigInt((await rpc.call("eth_getBalance", [account, "latest"])) as string);
      if (heldWei < nativeWei) await rpc.call("anvil_setBalance", [account, hex(nativeWei)]);
      if (heldUnits < tokenUnits) {
        const args = [account, tokenUnits - heldUnits] as const;
        await send(token, encodeFunctionData({ abi: tokenAbi, functionName: "mint", args }));
      }
      await chain.snapshot();
    },
  };
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** Sends the deployer's transactions one after the other and waits for each. */
function createDeployer({ chain, clock, rpc }: { chain: LocalChain; clock: Clock; rpc: Rpc }) {
  const { deployer, chainId } = chain;
  const send = async (to: Hex | undefined, data: Hex): Promise<void> => {
    const from = deployer.address;
    const [gas, nonce, price] = await Promise.all([
      rpc.call("eth_estimateGas", [{ from, to, data }]).catch((error: unknown) => {
        throw transactionFailed(error);
      }),
      rpc.call("eth_getTransactionCount", [from, "latest"]),
      gasPrice(rpc),
    ]);
    const transaction = {
      chainId,
      nonce: Number(nonce),
      to,
      data,
      gas: BigInt(gas as string),
      ...feeFields(price),
    };
    const { raw, hash } = await signTransaction(deployer, transaction);
    await rpc.call("eth_sendRawTransaction", [raw]).catch((error: unknown) => {
      throw transactionFailed(error);
    });
    const deadlineMs = clock.nowMs() + minedWithinMs;
    for (;;) {
      const receipt = (await rpc.call("eth_getTransactionReceipt", [hash])) as { status: string } | null;
      if (receipt?.status === "0x1") return;
      if (receipt !== null)
        throw new LichenError("transaction-failed", "the deployer's transaction reverted", { details: hash });
      if (clock.nowMs() > deadlineMs)
        throw new LichenError("chain-unavailable", "the local chain does not mine");
      await clock.sleep(pollMs);
    }
  };
  let turn: Promise<void> = Promise.resolve();
  return (to: Hex | undefined, data: Hex): Promise<void> => {
    const result = turn.then(() => send(to, data));
    turn = result.catch(() => undefined);
    return result;
  };
}

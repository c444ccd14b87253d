import { LichenError, type Hex } from "@lichen/kernel";
import {
  checkClaims,
  checkUnits,
  type ChannelState,
  type Claim,
  type ClaimedEvent,
  type ClaimOutcome,
  type Clock,
  type Deployment,
  type Ledger,
  type Log,
  type Mined,
  type NodeRecord,
  type Signer,
  type Store,
  type Token,
} from "@lichen/ports";
import { channelId, type ChannelKey } from "@lichen/wire";
import { encodeFunctionData } from "viem/utils";
import {
  claimedFilter,
  claimGas,
  decodeClaimed,
  encodeClaim,
  outcomesOf,
  type RawLog,
} from "./internal/claims.ts";
import { channelsAbi, isCodeOf, lower, nodesAbi, tokenAbi } from "./internal/contracts.ts";
import { gasPrice } from "./internal/fees.ts";
import { Journal } from "./internal/journal.ts";
import { createReader, type Reader } from "./internal/reader.ts";
import { createRpc, type Rpc } from "./internal/rpc.ts";
import { Sender, type Call, type Receipt } from "./internal/sender.ts";
import { watchChain } from "./internal/watch-chain.ts";

const defaultRpcTimeoutMs = 10_000;
const defaultTransactionTimeoutMs = 120_000;
/** Nodes that `nodes` lists, in pages. */
const maxNodes = 10_000;
const nodesPage = 64;
const closedAt = (1n << 64n) - 1n;
const unbounded = (1n << 256n) - 1n;

/** How to reach a chain and what to expect there. */
export type EvmLedgerOptions = {
  /** JSON-RPC addresses of the same chain; the next is asked when one fails. */
  rpcUrls: readonly string[];
  deployment: Deployment;
  token: Token;
  /** For one question, default 10,000. */
  rpcTimeoutMs?: number;
  /** Until a transaction is mined, default 120,000. */
  transactionTimeoutMs?: number;
  /**
   * For a chain that mines on demand: how old its newest block may be when somebody asks for the time.
   * If older, a block is made. Absent for a chain with a pulse of its own.
   */
  heartbeatMs?: number;
};

/**
 * The ledger on an EVM chain: this account's transactions in order, each journaled in `store` before it
 * is broadcast and sent again, byte for byte, where the chain loses it (a reorganisation, a local chain's
 * snapshot). One process at a time may use an account.
 *
 * @example
 * const ledger = createEvmLedger({ signer, store, clock, log }, { rpcUrls: [chain.rpcUrl], deployment, token });
 * await ledger.start();
 * await ledger.open(payee, salt, 1_000_000n);
 */
export function createEvmLedger(
  components: { signer: Signer; store: Store; clock: Clock; log: Log },
  options: EvmLedgerOptions,
): Ledger {
  return new EvmLedger(components, options);
}

class EvmLedger implements Ledger {
  readonly account: Hex;
  readonly deployment: Deployment;
  readonly token: Token;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #rpc: Rpc;
  readonly #journal: Journal;
  readonly #sender: Sender;
  readonly #reader: Reader;
  readonly #heartbeatMs: number | undefined;
  readonly #stopping = new AbortController();
  readonly #approved = new Set<Hex>();
  #watching: Promise<void> | undefined;

  constructor(
    { signer, store, clock, log }: { signer: Signer; store: Store; clock: Clock; log: Log },
    options: EvmLedgerOptions,
  ) {
    const { deployment, token, rpcUrls, rpcTimeoutMs = defaultRpcTimeoutMs } = options;
    const { transactionTimeoutMs = defaultTransactionTimeoutMs, heartbeatMs } = options;
    const { chainId } = deployment;
    this.account = signer.address;
    this.deployment = deployment;
    this.token = token;
    this.#clock = clock;
    this.#log = log;
    this.#heartbeatMs = heartbeatMs;
    this.#rpc = createRpc({ clock }, { urls: rpcUrls, timeoutMs: rpcTimeoutMs });
    this.#journal = new Journal(store, { chainId, account: signer.address });
    this.#sender = new Sender(
      { signer, clock, rpc: this.#rpc, journal: this.#journal, log },
      { chainId, timeoutMs: transactionTimeoutMs },
    );
    this.#reader = createReader(this.#rpc, this.#sender, this.#stopping.signal);
  }

  get #signal(): AbortSignal {
    return this.#stopping.signal;
  }

  async start(): Promise<void> {
    await this.#checkChain();
    await this.#journal.load();
    await this.#sender.resend(this.#signal);
    this.#watching = watchChain(
      { clock: this.#clock, log: this.#log },
      () => this.#sender.resend(this.#signal),
      this.#signal,
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new LichenError("closed", "the ledger is stopped"));
    await this.#watching;
  }

  async #checkChain(): Promise<void> {
    const { chainId, channels, nodes } = this.deployment;
    const remedy =
      "Give the RPC address of the chain that this deployment is on; for a new local one: `lichen reset`.";
    const seen = Number(await this.#rpc.call("eth_chainId", [], this.#signal));
    if (seen !== chainId) {
      const details = `expected chain ${chainId}, found ${seen}`;
      throw new LichenError("chain-mismatch", "this is another chain", { details, remedy });
    }
    for (const [name, address] of [["channels", channels] as const, ["nodes", nodes] as const]) {
      const code = (await this.#rpc.call("eth_getCode", [address, "latest"], this.#signal)) as string;
      if (isCodeOf(name, code)) continue;
      const found = code === "0x" ? "nothing" : "another contract, or another version of it";
      throw new LichenError("chain-mismatch", "the contracts are not on this chain", {
        details: `${name} at ${address}: found ${found}`,
        remedy,
      });
    }
    const token = lower(
      await this.#reader.read({ address: channels, abi: channelsAbi, functionName: "token" }),
    );
    if (token !== this.deployment.token) {
      const details = `channels hold ${token}, expected ${this.deployment.token}`;
      throw new LichenError("chain-mismatch", "the channels are for another token", { details, remedy });
    }
  }

  async balance(account: Hex = this.account): Promise<{ tokenUnits: bigint; nativeWei: bigint }> {
    const [tokenUnits, nativeWei] = await Promise.all([
      this.#reader.read({
        address: this.deployment.token,
        abi: tokenAbi,
        functionName: "balanceOf",
        args: [account],
      }),
      this.#reader.ask("eth_getBalance", [account, "latest"]),
    ]);
    return { tokenUnits, nativeWei: BigInt(nativeWei as string) };
  }

  async nodes(): Promise<NodeRecord[]> {
    const contract = { address: this.deployment.nodes, abi: nodesAbi } as const;
    const records: NodeRecord[] = [];
    for (let offset = 0; offset < maxNodes; offset += nodesPage) {
      const args = [BigInt(offset), BigInt(nodesPage)] as const;
      const page = await this.#reader.read({ ...contract, functionName: "page", args });
      const found = await Promise.all(page.map((account) => this.node(lower(account))));
      records.push(...found.filter((record) => record !== undefined));
      if (page.length < nodesPage) break;
    }
    return records;
  }

  async node(account: Hex): Promise<NodeRecord | undefined> {
    const [endpoint, stakeUnits] = await this.#reader.read({
      address: this.deployment.nodes,
      abi: nodesAbi,
      functionName: "node",
      args: [account],
    });
    return endpoint === "" ? undefined : { account, endpoint, stakeUnits };
  }

  async register(endpoint: string): Promise<Mined> {
    const functionName = (await this.node(this.account)) === undefined ? "register" : "setEndpoint";
    const data = encodeFunctionData({ abi: nodesAbi, functionName, args: [endpoint] });
    return mined(await this.#send({ to: this.deployment.nodes, data, purpose: functionName }));
  }

  async stake(units: bigint): Promise<Mined> {
    checkUnits(units);
    await this.#approve(this.deployment.nodes);
    const data = encodeFunctionData({ abi: nodesAbi, functionName: "stake", args: [units] });
    return mined(await this.#send({ to: this.deployment.nodes, data, purpose: "stake" }));
  }

  async channel(key: ChannelKey): Promise<ChannelState | undefined> {
    const [depositUnits, claimedUnits, withdrawableAt] = await this.#reader.read({
      address: this.deployment.channels,
      abi: channelsAbi,
      functionName: "channel",
      args: [channelId(key)],
    });
    if (depositUnits === 0n && withdrawableAt === 0n) return undefined;
    const closed = withdrawableAt === closedAt;
    const withdrawableAtS = closed || withdrawableAt === 0n ? undefined : Number(withdrawableAt);
    return { depositUnits, claimedUnits, withdrawableAtS, closed };
  }

  async open(payee: Hex, salt: Hex, depositUnits: bigint): Promise<Mined> {
    checkUnits(depositUnits);
    await this.#approve(this.deployment.channels);
    const args = [payee, salt, depositUnits] as const;
    return this.#sendToChannels("open", encodeFunctionData({ abi: channelsAbi, functionName: "open", args }));
  }

  async topUp(key: ChannelKey, units: bigint): Promise<Mined> {
    checkUnits(units);
    await this.#approve(this.deployment.channels);
    const args = [key, units] as const;
    return this.#sendToChannels(
      "topUp",
      encodeFunctionData({ abi: channelsAbi, functionName: "topUp", args }),
    );
  }

  async claim(claims: readonly Claim[]): Promise<Mined & { outcomes: ClaimOutcome[] }> {
    checkClaims(this.account, claims);
    const { channels } = this.deployment;
    const keys = new Map(claims.map(({ key }) => [channelId(key), key]));
    const block = (await this.#reader.ask("eth_blockNumber", [])) as string;
    const before = new Map(
      await Promise.all(
        [...keys].map(async ([id, key]) => [id, (await this.channel(key))?.claimedUnits ?? 0n] as const),
      ),
    );
    const receipt = await this.#send(await this.#claimCall(claims));
    const logs = await this.#reader.ask("eth_getLogs", [claimedFilter(channels, [...keys.keys()], block)]);
    const payments = (logs as RawLog[]).map(decodeClaimed);
    return { ...mined(receipt), outcomes: outcomesOf(receipt, channels, before, payments) };
  }

  async #claimCall(claims: readonly Claim[]): Promise<Call> {
    const { channels } = this.deployment;
    const purpose = `claim of ${claims.length}`;
    const encoded = claims.map(encodeClaim);
    const [only] = encoded;
    if (only !== undefined && encoded.length === 1) {
      // One alone is cheaper by the contract's other function; but that reverts on a claim it refuses,
      // where the caller wants an outcome.
      const data = encodeFunctionData({
        abi: channelsAbi,
        functionName: "claim",
        args: [this.account, only],
      });
      if (await this.#passes({ to: channels, data })) return { to: channels, data, purpose };
    }
    const call = { abi: channelsAbi, functionName: "claimMany", args: [this.account, encoded] } as const;
    return { to: channels, data: encodeFunctionData(call), purpose };
  }

  async claimFeeWei(count: number): Promise<bigint> {
    const { baseWei, tipWei } = await gasPrice(this.#rpc, this.#signal);
    return claimGas(count) * (baseWei + tipWei);
  }

  async claimed(id: Hex): Promise<ClaimedEvent[]> {
    const filter = claimedFilter(this.deployment.channels, [id], "earliest");
    return ((await this.#reader.ask("eth_getLogs", [filter])) as RawLog[]).map(decodeClaimed);
  }

  async requestWithdrawal({ payee, salt }: ChannelKey): Promise<Mined> {
    const call = { abi: channelsAbi, functionName: "requestWithdrawal", args: [payee, salt] } as const;
    return this.#sendToChannels("requestWithdrawal", encodeFunctionData(call));
  }

  async withdraw({ payee, salt }: ChannelKey): Promise<Mined> {
    const call = { abi: channelsAbi, functionName: "withdraw", args: [payee, salt] } as const;
    return this.#sendToChannels("withdraw", encodeFunctionData(call));
  }

  async release(key: ChannelKey): Promise<Mined> {
    const call = { abi: channelsAbi, functionName: "release", args: [key] } as const;
    return this.#sendToChannels("release", encodeFunctionData(call));
  }

  async timeS(): Promise<number> {
    const newest = async (): Promise<number> => {
      const block = await this.#reader.ask("eth_getBlockByNumber", ["latest", false]);
      return Number((block as { timestamp: string }).timestamp);
    };
    const timeS = await newest();
    const heartbeatMs = this.#heartbeatMs;
    if (heartbeatMs === undefined || this.#clock.nowMs() - timeS * 1000 < heartbeatMs) return timeS;
    await this.#reader.ask("evm_mine", []);
    return newest();
  }

  /** Lets a contract take tokens, once and without bound: it takes only what a call of ours says. */
  async #approve(spender: Hex): Promise<void> {
    if (this.#approved.has(spender)) return;
    const token = { address: this.deployment.token, abi: tokenAbi } as const;
    const args = [this.account, spender] as const;
    const allowance = await this.#reader.read({ ...token, functionName: "allowance", args });
    if (allowance < unbounded / 2n) {
      const data = encodeFunctionData({ abi: tokenAbi, functionName: "approve", args: [spender, unbounded] });
      await this.#send({ to: this.deployment.token, data, purpose: "approve" });
    }
    this.#approved.add(spender);
  }

  async #passes(call: { to: Hex; data: Hex }): Promise<boolean> {
    try {
      await this.#reader.ask("eth_call", [{ from: this.account, ...call }, "latest"]);
      return true;
    } catch (error) {
      if (error instanceof LichenError && error.code === "transaction-failed") return false;
      throw error;
    }
  }

  async #sendToChannels(purpose: string, data: Hex): Promise<Mined> {
    return mined(await this.#send({ to: this.deployment.channels, data, purpose }));
  }

  #send(call: Call): Promise<Receipt> {
    return this.#sender.send(call, this.#signal);
  }
}

const mined = ({ transaction, blockNumber, feeWei }: Receipt): Mined => ({
  transaction,
  blockNumber,
  feeWei,
});

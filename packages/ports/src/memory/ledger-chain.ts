import { fromHex, LichenError, limits, toHex, utf8, type Hex } from "@lichen/kernel";
import { channelId, keccak, recoverSigner, voucherDigest, type ChannelKey } from "@lichen/wire";
import type { Clock } from "../clock.ts";
import type {
  ChannelState,
  Claim,
  ClaimedEvent,
  ClaimOutcome,
  Deployment,
  Mined,
  NodeRecord,
  Token,
} from "../ledger.ts";

const defaultChainId = 0x4c00_0000;
const defaultWithdrawalDelayS = 3_600;
/** What a transaction costs on the real contracts, in rough figures. */
const transactionGas = 37_000n;
const claimGas = 14_000n;
const gasPriceWei = 7n;

const closedAt = (1n << 64n) - 1n;
const zeroAddress: Hex = `0x${"00".repeat(20)}`;

type Channel = { deposit: bigint; claimed: bigint; withdrawableAt: bigint };
type Account = { tokenUnits: bigint; nativeWei: bigint };

/** A chain in memory, for `createMemoryLedger`: the contracts' rules, one block a transaction. */
export type MemoryChain = Chain;

/**
 * Makes a chain on which nobody has anything yet.
 * @param options.withdrawalDelayS seconds between a withdrawal's request and the withdrawal, default an hour
 *
 * @example
 * const chain = createMemoryChain({ clock });
 * chain.faucet(account, { tokenUnits: 1_000_000n, nativeWei: 10n ** 18n });
 * const ledger = createMemoryLedger(chain, { account });
 */
export function createMemoryChain(
  components: { clock: Clock },
  options: { chainId?: number; withdrawalDelayS?: number } = {},
): MemoryChain {
  const { chainId = defaultChainId, withdrawalDelayS = defaultWithdrawalDelayS } = options;
  return new Chain(components.clock, chainId, BigInt(withdrawalDelayS));
}

class Chain {
  readonly deployment: Deployment;
  readonly token: Token = { symbol: "LTD", decimals: 6 };
  readonly #clock: Clock;
  readonly #delayS: bigint;
  readonly #accounts = new Map<Hex, Account>();
  readonly #nodes = new Map<Hex, NodeRecord>();
  readonly #channels = new Map<Hex, Channel>();
  readonly #claimed = new Map<Hex, ClaimedEvent[]>();
  #blocks = 0;

  constructor(clock: Clock, chainId: number, delayS: bigint) {
    this.#clock = clock;
    this.#delayS = delayS;
    const address = (name: string): Hex => toHex(keccak(utf8(`${chainId} ${name}`)).subarray(12));
    this.deployment = {
      chainId,
      token: address("token"),
      nodes: address("nodes"),
      channels: address("channels"),
    };
  }

  /** Raises an account's balances to at least these. */
  faucet(account: Hex, least: { tokenUnits?: bigint; nativeWei?: bigint }): void {
    const balance = this.#account(account);
    const { tokenUnits = 0n, nativeWei = 0n } = least;
    if (balance.tokenUnits < tokenUnits) balance.tokenUnits = tokenUnits;
    if (balance.nativeWei < nativeWei) balance.nativeWei = nativeWei;
  }

  balance(account: Hex): Account {
    return { ...this.#account(account) };
  }

  timeS(): number {
    return Math.floor(this.#clock.nowMs() / 1000);
  }

  nodes(): NodeRecord[] {
    return [...this.#nodes.values()].map((node) => ({ ...node }));
  }

  register(account: Hex, endpoint: string): Mined {
    return this.#mine(account, 1n, () => {
      const sizeBytes = utf8(endpoint).length;
      if (sizeBytes === 0) refuse("EndpointEmpty");
      if (sizeBytes > limits.endpointBytes) refuse("EndpointTooLong", sizeBytes, limits.endpointBytes);
      const stakeUnits = this.#nodes.get(account)?.stakeUnits ?? 0n;
      this.#nodes.set(account, { account, endpoint, stakeUnits });
    });
  }

  stake(account: Hex, units: bigint): Mined {
    return this.#mine(account, 1n, () => {
      const node = this.#nodes.get(account) ?? refuse("NotRegistered", account);
      if (units === 0n) refuse("AmountZero");
      this.#pay(account, this.deployment.nodes, units);
      node.stakeUnits += units;
    });
  }

  channel(key: ChannelKey): ChannelState | undefined {
    const state = this.#channels.get(channelId(key));
    if (state === undefined) return undefined;
    const closed = state.withdrawableAt === closedAt;
    return {
      depositUnits: state.deposit,
      claimedUnits: state.claimed,
      withdrawableAtS: closed || state.withdrawableAt === 0n ? undefined : Number(state.withdrawableAt),
      closed,
    };
  }

  open(key: ChannelKey, units: bigint): Mined {
    return this.#mine(key.payer, 1n, () => {
      const id = channelId(key);
      if (units === 0n) refuse("AmountZero");
      if (key.payee === zeroAddress || key.payee === this.deployment.channels)
        refuse("PayeeInvalid", key.payee);
      if (this.#channels.has(id)) refuse("ChannelExists", id);
      this.#pay(key.payer, this.deployment.channels, units);
      this.#channels.set(id, { deposit: units, claimed: 0n, withdrawableAt: 0n });
    });
  }

  topUp(account: Hex, key: ChannelKey, units: bigint): Mined {
    return this.#mine(account, 1n, () => {
      if (units === 0n) refuse("AmountZero");
      const state = this.#live(channelId(key));
      this.#pay(account, this.deployment.channels, units);
      state.deposit += units;
    });
  }

  claim(account: Hex, claims: readonly Claim[]): Mined & { outcomes: ClaimOutcome[] } {
    const outcomes: ClaimOutcome[] = [];
    const mined = this.#mine(account, BigInt(claims.length), (at) => {
      for (const { key, voucher } of claims) outcomes.push(this.#settle(account, key, voucher, at));
    });
    return { ...mined, outcomes };
  }

  claimFeeWei(count: number): bigint {
    return (transactionGas + claimGas * BigInt(count)) * gasPriceWei;
  }

  claimed(id: Hex): ClaimedEvent[] {
    return (this.#claimed.get(id) ?? []).map((event) => ({ ...event }));
  }

  requestWithdrawal(key: ChannelKey): Mined {
    return this.#mine(key.payer, 1n, () => {
      const id = channelId(key);
      const state = this.#live(id);
      if (state.withdrawableAt !== 0n) refuse("WithdrawalAlreadyRequested", id, state.withdrawableAt);
      state.withdrawableAt = BigInt(this.timeS()) + this.#delayS;
    });
  }

  withdraw(key: ChannelKey): Mined {
    return this.#mine(key.payer, 1n, () => {
      const id = channelId(key);
      const state = this.#live(id);
      if (state.withdrawableAt === 0n) refuse("WithdrawalNotRequested", id);
      if (BigInt(this.timeS()) < state.withdrawableAt) refuse("WithdrawalTooEarly", id, state.withdrawableAt);
      this.#close(state, key.payer);
    });
  }

  release(account: Hex, key: ChannelKey): Mined {
    return this.#mine(account, 1n, () => {
      if (account !== key.payee) refuse("NotPayee", account, key.payee);
      this.#close(this.#live(channelId(key)), key.payer);
    });
  }

  #settle(
    payee: Hex,
    key: ChannelKey,
    voucher: Claim["voucher"],
    at: { transaction: Hex; blockNumber: number },
  ): ClaimOutcome {
    const id = channelId(key);
    const state = this.#channels.get(id);
    const skip = (skipped: string): ClaimOutcome => ({ channelId: id, skipped });
    if (state === undefined) return skip("ChannelUnknown");
    if (state.withdrawableAt === closedAt) return skip("ChannelAlreadyClosed");
    if (voucher.amountUnits <= state.claimed) return skip("VoucherStale");
    if (state.claimed === state.deposit) return skip("DepositExhausted");
    const digest = voucherDigest(this.deployment, { ...voucher, channelId: id });
    if (!signedBy(digest, voucher.signature, key.payer)) return skip("SignatureInvalid");

    const claimedUnits = voucher.amountUnits < state.deposit ? voucher.amountUnits : state.deposit;
    const paidUnits = claimedUnits - state.claimed;
    state.claimed = claimedUnits;
    this.#pay(this.deployment.channels, payee, paidUnits);
    const events = this.#claimed.get(id) ?? [];
    this.#claimed.set(id, [...events, { channelId: id, ...at, claimedUnits }]);
    return { channelId: id, paidUnits };
  }

  #close(state: Channel, payer: Hex): void {
    const remainder = state.deposit - state.claimed;
    state.deposit = state.claimed;
    state.withdrawableAt = closedAt;
    this.#pay(this.deployment.channels, payer, remainder);
  }

  #live(id: Hex): Channel {
    const state = this.#channels.get(id) ?? refuse("ChannelUnknown", id);
    if (state.withdrawableAt === closedAt) refuse("ChannelAlreadyClosed", id);
    return state;
  }

  #pay(from: Hex, to: Hex, units: bigint): void {
    const source = this.#account(from);
    if (source.tokenUnits < units) refuse("ERC20InsufficientBalance", from, source.tokenUnits, units);
    source.tokenUnits -= units;
    this.#account(to).tokenUnits += units;
  }

  #account(address: Hex): Account {
    fromHex(address, 20);
    const known = this.#accounts.get(address);
    if (known !== undefined) return known;
    const made = { tokenUnits: 0n, nativeWei: 0n };
    this.#accounts.set(address, made);
    return made;
  }

  /** Runs a transaction; its function checks all before it changes anything, so a throw leaves no trace. */
  #mine(account: Hex, parts: bigint, run: (at: { transaction: Hex; blockNumber: number }) => void): Mined {
    const feeWei = this.claimFeeWei(Number(parts));
    const sender = this.#account(account);
    if (sender.nativeWei < feeWei) refuse("insufficient funds for gas", sender.nativeWei, feeWei);
    const blockNumber = this.#blocks + 1;
    const transaction = toHex(keccak(utf8(`${this.deployment.chainId} transaction ${blockNumber}`)));
    run({ transaction, blockNumber });
    sender.nativeWei -= feeWei;
    this.#blocks = blockNumber;
    return { transaction, blockNumber, feeWei };
  }
}

function signedBy(digest: Uint8Array, signature: Hex, signer: Hex): boolean {
  try {
    return recoverSigner(digest, signature) === signer;
  } catch {
    return false;
  }
}

function refuse(reason: string, ...values: readonly (Hex | bigint | number)[]): never {
  throw new LichenError("transaction-failed", "the contract refused the transaction", {
    details: `${reason}(${values.join(", ")})`,
  });
}

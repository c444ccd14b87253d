import type { Hex } from "@lichen/kernel";
import type { ChannelKey } from "@lichen/wire";
import { checkClaims, checkUnits } from "../check-ledger.ts";
import type {
  ChannelState,
  Claim,
  ClaimedEvent,
  ClaimOutcome,
  Deployment,
  Ledger,
  Mined,
  NodeRecord,
  Token,
} from "../ledger.ts";
import type { MemoryChain } from "./ledger-chain.ts";

/**
 * A ledger on a chain in memory, as one account sees and uses it.
 * @example
 * const ledger = createMemoryLedger(createMemoryChain({ clock }), { account: signer.address });
 */
export function createMemoryLedger(chain: MemoryChain, options: { account: Hex }): Ledger {
  return new MemoryLedger(chain, options.account);
}

class MemoryLedger implements Ledger {
  readonly account: Hex;
  readonly deployment: Deployment;
  readonly token: Token;
  readonly #chain: MemoryChain;

  constructor(chain: MemoryChain, account: Hex) {
    this.account = account;
    this.deployment = chain.deployment;
    this.token = chain.token;
    this.#chain = chain;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async balance(account: Hex = this.account): Promise<{ tokenUnits: bigint; nativeWei: bigint }> {
    return this.#chain.balance(account);
  }

  async nodes(): Promise<NodeRecord[]> {
    return this.#chain.nodes();
  }

  async node(account: Hex): Promise<NodeRecord | undefined> {
    return this.#chain.nodes().find((node) => node.account === account);
  }

  async register(endpoint: string): Promise<Mined> {
    return this.#chain.register(this.account, endpoint);
  }

  async stake(units: bigint): Promise<Mined> {
    checkUnits(units);
    return this.#chain.stake(this.account, units);
  }

  async channel(key: ChannelKey): Promise<ChannelState | undefined> {
    return this.#chain.channel(key);
  }

  async open(payee: Hex, salt: Hex, depositUnits: bigint): Promise<Mined> {
    checkUnits(depositUnits);
    return this.#chain.open({ payer: this.account, payee, salt }, depositUnits);
  }

  async topUp(key: ChannelKey, units: bigint): Promise<Mined> {
    checkUnits(units);
    return this.#chain.topUp(this.account, key, units);
  }

  async claim(claims: readonly Claim[]): Promise<Mined & { outcomes: ClaimOutcome[] }> {
    checkClaims(this.account, claims);
    return this.#chain.claim(this.account, claims);
  }

  async claimFeeWei(count: number): Promise<bigint> {
    return this.#chain.claimFeeWei(count);
  }

  async claimed(channelId: Hex): Promise<ClaimedEvent[]> {
    return this.#chain.claimed(channelId);
  }

  // The contract makes the payer's id out of its caller, so another's channel is one that does not exist.
  async requestWithdrawal(key: ChannelKey): Promise<Mined> {
    return this.#chain.requestWithdrawal({ ...key, payer: this.account });
  }

  async withdraw(key: ChannelKey): Promise<Mined> {
    return this.#chain.withdraw({ ...key, payer: this.account });
  }

  async release(key: ChannelKey): Promise<Mined> {
    return this.#chain.release(this.account, key);
  }

  async timeS(): Promise<number> {
    return this.#chain.timeS();
  }
}

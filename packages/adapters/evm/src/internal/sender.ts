import { LichenError, type Hex } from "@lichen/kernel";
import type { Clock, Log, Signer } from "@lichen/ports";
import { describeRevert, transactionFailed } from "./faults.ts";
import { feeFields, gasPrice } from "./fees.ts";
import type { Journal, JournalRow } from "./journal.ts";
import { RpcRefusal, type Rpc } from "./rpc.ts";
import { signTransaction } from "./sign-transaction.ts";

/** Between two looks at a transaction under way: soon at first, since a local chain mines at once. */
const firstPollMs = 5;
const mostPollMs = 2_000;
/** A transaction that is not mined is broadcast again after this long: pools forget. */
const rebroadcastMs = 15_000;
/** How long after a nonce was used its receipt may take to appear. */
const receiptGraceMs = 10_000;
/** Estimates for one transaction; more than one only where the chain lost what this one builds on. */
const maxEstimates = 3;
/** On top of the estimate: another's transaction may come first and make ours a little dearer. */
const gasMarginPercent = 25n;

/** What a transaction calls. */
export type Call = { to: Hex; data: Hex; purpose: string };

/** A mined transaction, as far as it matters here. */
export type Receipt = {
  transaction: Hex;
  blockNumber: number;
  feeWei: bigint;
  logs: readonly { address: Hex; topics: Hex[]; data: Hex }[];
};

/**
 * Sends an account's transactions, one after the other. Each is journaled before it is broadcast, and
 * what a chain lost is sent again byte for byte: a nonce is used once, so nothing happens twice.
 */
export class Sender {
  readonly #signer: Signer;
  readonly #clock: Clock;
  readonly #rpc: Rpc;
  readonly #journal: Journal;
  readonly #log: Log;
  readonly #chainId: number;
  readonly #timeoutMs: number;
  #turn: Promise<unknown> = Promise.resolve();
  #owing = false;

  constructor(
    components: { signer: Signer; clock: Clock; rpc: Rpc; journal: Journal; log: Log },
    options: { chainId: number; timeoutMs: number },
  ) {
    this.#signer = components.signer;
    this.#clock = components.clock;
    this.#rpc = components.rpc;
    this.#journal = components.journal;
    this.#log = components.log;
    this.#chainId = options.chainId;
    this.#timeoutMs = options.timeoutMs;
  }

  /** A transaction was signed whose end nobody has waited for: `resend` before trusting what a read says. */
  get owing(): boolean {
    return this.#owing;
  }

  /**
   * Signs, journals, broadcasts, waits.
   * @throws {LichenError} `transaction-failed`: nothing was sent, or it reverted; `chain-unavailable`:
   *   retryable where nothing was signed, not so where it will be mined later without further asking
   */
  send(call: Call, signal: AbortSignal): Promise<Receipt> {
    return this.#inTurn(async () => {
      const row = await this.#sign(call, signal);
      await this.#journal.append(row);
      try {
        await this.#drive(row, signal, true);
        return await this.#receipt(row, signal);
      } catch (error) {
        if (error instanceof LichenError && error.code === "transaction-failed") throw error;
        this.#owing = true;
        throw pending(row, error);
      }
    });
  }

  /** Sends again whatever the chain has forgotten, and waits until it is mined. */
  resend(signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => void (await this.#catchUp(signal)));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Brings the chain to what is in the journal; the nonce that comes next. */
  async #catchUp(signal: AbortSignal): Promise<number> {
    const { last } = this.#journal;
    const nonce = await this.#nonce(signal);
    if (last === undefined) return nonce;
    if (nonce > last.nonce && last.status !== "sent") {
      this.#owing = false;
      return nonce;
    }
    const lost = this.#journal.from(nonce);
    if (lost.length > 0) {
      this.#log("warn", "transaction.resend", { from: nonce, count: lost.length });
      await this.#drive(last, signal, false);
    }
    for (const row of lost.length > 0 ? lost : [last]) {
      // A revert is on record; what to do about it shows in the chain's state, not here.
      await this.#receipt(row, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (!(error instanceof LichenError) || error.code !== "transaction-failed") throw error;
        this.#log("warn", "transaction.failed", {
          purpose: row.purpose,
          hash: row.hash,
          details: error.details,
        });
      });
    }
    this.#owing = false;
    return Math.max(nonce, last.nonce + 1);
  }

  async #sign({ to, data, purpose }: Call, signal: AbortSignal): Promise<JournalRow> {
    const request = { from: this.#signer.address, to, data };
    // Decided by journal and chain together and not asked again: a chain that falls back from here on
    // would name a nonce that is taken.
    let nonce = await this.#catchUp(signal);
    let estimate: bigint | undefined;
    for (let attempt = 1; estimate === undefined; attempt++) {
      try {
        estimate = BigInt((await this.#rpc.call("eth_estimateGas", [request], signal)) as string);
      } catch (error) {
        const fellBack = error instanceof RpcRefusal && (await this.#nonce(signal)) < nonce;
        if (!fellBack || attempt === maxEstimates) throw transactionFailed(error);
        nonce = await this.#catchUp(signal);
      }
    }
    const price = await gasPrice(this.#rpc, signal);
    const transaction = {
      chainId: this.#chainId,
      nonce,
      to,
      data,
      gas: estimate + (estimate * gasMarginPercent) / 100n,
      ...feeFields(price),
    };
    return { nonce, purpose, status: "sent", ...(await signTransaction(this.#signer, transaction)) };
  }

  /**
   * Brings the chain to where `target` is mined: broadcasts everything from the chain's nonce up to
   * it, again when the chain falls back.
   */
  async #drive(target: JournalRow, signal: AbortSignal, fresh: boolean): Promise<void> {
    const startMs = this.#clock.nowMs();
    let sentMs = -Infinity;
    let before = 0;
    for (let pollMs = firstPollMs; ; pollMs = Math.min(2 * pollMs, mostPollMs)) {
      const nonce = await this.#nonce(signal);
      if (nonce > target.nonce) return;
      const nowMs = this.#clock.nowMs();
      if (nonce < before || nowMs - sentMs >= rebroadcastMs) {
        const first = sentMs === -Infinity;
        for (const row of this.#journal.from(nonce)) {
          if (row.nonce <= target.nonce) await this.#broadcast(row, signal, fresh && first);
        }
        sentMs = nowMs;
      }
      before = nonce;
      if (nowMs - startMs > this.#timeoutMs) {
        throw new LichenError("chain-unavailable", "the transaction is not mined yet", {
          details: `nonce ${target.nonce}; the account's next is ${nonce}`,
        });
      }
      await this.#clock.sleep(pollMs, signal);
    }
  }

  async #broadcast(row: JournalRow, signal: AbortSignal, fresh: boolean): Promise<void> {
    try {
      await this.#rpc.call("eth_sendRawTransaction", [row.raw], signal);
    } catch (error) {
      if (!(error instanceof RpcRefusal)) throw error;
      if (/already known|already imported|nonce too low|known transaction/i.test(error.message)) return;
      // Nobody has it, so its nonce is free for the next; unless an earlier try reached some node.
      if (fresh) await this.#journal.dropLast();
      throw transactionFailed(error);
    }
  }

  async #receipt(row: JournalRow, signal: AbortSignal): Promise<Receipt> {
    const startMs = this.#clock.nowMs();
    for (let pollMs = firstPollMs; ; pollMs = Math.min(2 * pollMs, mostPollMs)) {
      const receipt = (await this.#rpc.call(
        "eth_getTransactionReceipt",
        [row.hash],
        signal,
      )) as RawReceipt | null;
      if (receipt !== null) {
        const reverted = receipt.status !== "0x1";
        await this.#journal.mark(row.nonce, reverted ? "reverted" : "mined");
        if (reverted) throw await this.#reverted(row, receipt, signal);
        return {
          transaction: row.hash,
          blockNumber: Number(receipt.blockNumber),
          feeWei: BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice),
          logs: receipt.logs,
        };
      }
      if (this.#clock.nowMs() - startMs > receiptGraceMs) {
        await this.#journal.mark(row.nonce, "reverted");
        throw new LichenError("transaction-failed", "another transaction took this one's place", {
          details: `${row.purpose} ${row.hash}, nonce ${row.nonce}`,
          remedy: "Let one process at a time use an account.",
        });
      }
      await this.#clock.sleep(pollMs, signal);
      // Nobody took its nonce: the chain fell back once more.
      if ((await this.#nonce(signal)) <= row.nonce) await this.#drive(row, signal, false);
    }
  }

  async #reverted(row: JournalRow, receipt: RawReceipt, signal: AbortSignal): Promise<LichenError> {
    // The same call on today's state usually fails for the same reason; the chain keeps no other record.
    let reason = "reason unknown";
    try {
      const { from, to, input } = (await this.#rpc.call("eth_getTransactionByHash", [row.hash], signal)) as {
        from: Hex;
        to: Hex;
        input: Hex;
      };
      await this.#rpc.call("eth_call", [{ from, to, data: input }, "latest"], signal);
    } catch (error) {
      if (error instanceof RpcRefusal && error.data !== undefined) reason = describeRevert(error.data);
    }
    return new LichenError("transaction-failed", "the contract refused the transaction", {
      details: `${reason} ${row.purpose} ${row.hash} in block ${Number(receipt.blockNumber)}`,
    });
  }

  async #nonce(signal: AbortSignal): Promise<number> {
    return Number(await this.#rpc.call("eth_getTransactionCount", [this.#signer.address, "latest"], signal));
  }
}

function pending(row: JournalRow, cause: unknown): LichenError {
  return new LichenError(
    "chain-unavailable",
    "the transaction is signed, but whether it was mined is unknown",
    {
      details: `${row.purpose} ${row.hash}, nonce ${row.nonce}`,
      remedy:
        "It will be sent again by itself; look at the chain's state before asking for the same once more.",
      cause,
    },
  );
}

type RawReceipt = {
  status: string;
  blockNumber: string;
  gasUsed: string;
  effectiveGasPrice: string;
  logs: { address: Hex; topics: Hex[]; data: Hex }[];
};

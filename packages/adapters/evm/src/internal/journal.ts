import { LichenError, type Hex } from "@lichen/kernel";
import type { Store, Write } from "@lichen/ports";
import { z } from "zod";

/** Transactions remembered: how far back a chain may fall and still be brought to where it was. */
const maxRows = 512;
const pageRows = 256;
const table = "evm-journal";

/** A transaction that was signed, and what became of it. */
export type JournalRow = {
  nonce: number;
  hash: Hex;
  raw: Hex;
  /** The call it makes, for people. */
  purpose: string;
  status: "sent" | "mined" | "reverted";
};

const rowSchema: z.ZodType<JournalRow> = z.object({
  nonce: z.int().nonnegative(),
  hash: z.string() as unknown as z.ZodType<Hex>,
  raw: z.string() as unknown as z.ZodType<Hex>,
  purpose: z.string(),
  status: z.enum(["sent", "mined", "reverted"]),
});

/** What an account has signed for a chain, by nonce, without gaps. Written before it is broadcast. */
export class Journal {
  readonly #store: Store;
  readonly #prefix: string;
  #rows: JournalRow[] = [];

  constructor(store: Store, { chainId, account }: { chainId: number; account: Hex }) {
    this.#store = store;
    this.#prefix = `${chainId}/${account}/`;
  }

  /** @throws {LichenError} `state-invalid` on rows that make no sense */
  async load(): Promise<void> {
    const rows: JournalRow[] = [];
    for (let after = ""; rows.length <= maxRows;) {
      const page = await this.#store.list(table, { prefix: this.#prefix, after, limit: pageRows });
      for (const { key, value } of page) rows.push(parseRow(key, value));
      after = page.at(-1)?.key ?? "";
      if (page.length < pageRows) break;
    }
    this.#rows = rows;
  }

  /** The newest transaction. */
  get last(): JournalRow | undefined {
    return this.#rows.at(-1);
  }

  /**
   * The transactions from a nonce on, all of them.
   * @throws {LichenError} `chain-mismatch` where the journal does not reach back so far
   */
  from(nonce: number): JournalRow[] {
    const rows = this.#rows.filter((row) => row.nonce >= nonce);
    if (rows.length === 0 || rows[0]?.nonce === nonce) return rows;
    throw new LichenError("chain-mismatch", "the chain has forgotten more than can be sent again", {
      details: `the account's next nonce is ${nonce}, transactions are known from ${rows[0]?.nonce} on`,
      remedy: "This may be another chain, or an old copy of it; to start over with both: `lichen reset`.",
    });
  }

  /** Remembers a transaction; resolves when it survives a power cut. */
  async append(row: JournalRow): Promise<void> {
    const { last } = this;
    if (last !== undefined && row.nonce <= last.nonce) {
      throw new LichenError("internal", "a nonce would be used twice", {
        details: `${row.nonce} after ${last.nonce}`,
      });
    }
    // After somebody else used the account: what stands before the gap can never be sent again.
    const kept = last !== undefined && last.nonce + 1 !== row.nonce ? [] : this.#rows.slice(1 - maxRows);
    const keptNonces = new Set(kept.map(({ nonce }) => nonce));
    const forgotten = this.#rows.filter(({ nonce }) => !keptNonces.has(nonce));
    const deletes = forgotten.map(({ nonce }): Write => ({ table, key: this.#key(nonce), value: undefined }));
    await this.#store.commit([...deletes, this.#write(row)], { durable: true });
    this.#rows = [...kept, row];
  }

  /** Takes back the newest transaction, which no node has accepted. */
  async dropLast(): Promise<void> {
    const { last } = this;
    if (last === undefined) return;
    await this.#store.commit([{ table, key: this.#key(last.nonce), value: undefined }], { durable: true });
    this.#rows = this.#rows.slice(0, -1);
  }

  async mark(nonce: number, status: JournalRow["status"]): Promise<void> {
    const row = this.#rows.find((candidate) => candidate.nonce === nonce);
    if (row === undefined || row.status === status) return;
    row.status = status;
    await this.#store.commit([this.#write(row)]);
  }

  #key(nonce: number): string {
    // Text order is nonce order.
    return this.#prefix + String(nonce).padStart(16, "0");
  }

  #write(row: JournalRow): Write {
    return { table, key: this.#key(row.nonce), value: JSON.stringify(row) };
  }
}

function parseRow(key: string, value: string): JournalRow {
  try {
    return rowSchema.parse(JSON.parse(value));
  } catch (cause) {
    throw new LichenError("state-invalid", "a transaction's record cannot be understood", {
      details: key,
      cause,
    });
  }
}

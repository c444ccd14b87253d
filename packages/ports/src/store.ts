/** One change: `value` undefined deletes. Values are text, usually JSON. */
export type Write = { table: string; key: string; value: string | undefined };

/** A row that was read. */
export type Row = { key: string; value: string };

/** Which rows a listing returns. */
export type RowQuery = {
  prefix?: string;
  /** Exclusive. */
  after?: string;
  /** Default 1,000; at most `limits.storeRows`. */
  limit?: number;
};

/**
 * What a service remembers. Tables of ordered text keys; a table exists as soon as it is written to.
 *
 * `commit` is atomic: all writes or none. It resolves when they survive `kill -9` (default) or, with
 * `durable`, a power cut. Concurrent commits are grouped, so many small ones are cheap; they take
 * effect in the order they were called in, and a read sees every commit called before it.
 *
 * Keys are ordered by their UTF-8 bytes. Table names are 1 to 64 of `a-z`, `0-9`, `-`; keys are
 * not empty; keys, values and numbers of writes are bounded by `limits.store...`; text is well-formed.
 *
 * @throws {LichenError} every call: `bad-argument`, `limit-exceeded` beyond a bound, `closed` after
 *   `close`, `state-invalid` where the disk is full or the file is damaged
 */
export interface Store {
  get(table: string, key: string): Promise<string | undefined>;
  /** Rows whose key starts with `prefix`, ascending, after key `after`, at most `limit`. */
  list(table: string, query?: RowQuery): Promise<Row[]>;
  commit(writes: readonly Write[], options?: { durable?: boolean }): Promise<void>;
  /** Finishes pending commits and lets go of the file. May be called twice. */
  close(): Promise<void>;
}

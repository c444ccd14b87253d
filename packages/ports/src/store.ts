/** One change: `value` undefined deletes. Values are text, usually JSON. */
export type Write = { table: string; key: string; value: string | undefined };

/** A row that was read. */
export type Row = { key: string; value: string };

/**
 * What a service remembers. Tables of ordered text keys; a table exists as soon as it is written to.
 *
 * `commit` is atomic: all writes or none. It resolves when they survive `kill -9` (default) or, with
 * `durable`, a power cut. Concurrent commits are grouped, so many small ones are cheap; they take
 * effect in the order they were called in.
 */
export interface Store {
  get(table: string, key: string): Promise<string | undefined>;
  /** Rows whose key starts with `prefix`, ascending, after key `after` (exclusive), at most `limit` (default 1,000). */
  list(table: string, query?: { prefix?: string; after?: string; limit?: number }): Promise<Row[]>;
  /** @throws {LichenError} `state-invalid` where the disk is full or the file is damaged */
  commit(writes: readonly Write[], options?: { durable?: boolean }): Promise<void>;
  /** Finishes pending commits and lets go of the file. Later calls fail. */
  close(): Promise<void>;
}

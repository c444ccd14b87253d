import { LichenError } from "@lichen/kernel";
import { checkKey, checkQuery, checkWrites } from "../check-store.ts";
import { compareKeys } from "../key-order.ts";
import type { Row, RowQuery, Store, Write } from "../store.ts";

/**
 * A store that lives as long as its process.
 * @example
 * const store = createMemoryStore();
 * await store.commit([{ table: "leaf", key: "a", value: "1" }]);
 */
export function createMemoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  readonly #tables = new Map<string, Table>();
  #closed = false;

  async get(table: string, key: string): Promise<string | undefined> {
    this.#assertOpen();
    checkKey(table, key);
    return this.#tables.get(table)?.values.get(key);
  }

  async list(table: string, query: RowQuery = {}): Promise<Row[]> {
    this.#assertOpen();
    const { prefix, after, limit } = checkQuery(table, query);
    return this.#tables.get(table)?.list(prefix, after, limit) ?? [];
  }

  async commit(writes: readonly Write[], _options?: { durable?: boolean }): Promise<void> {
    this.#assertOpen();
    checkWrites(writes);
    for (const { table, key, value } of writes) {
      let rows = this.#tables.get(table);
      if (rows === undefined) this.#tables.set(table, (rows = new Table()));
      if (value === undefined) rows.delete(key);
      else rows.set(key, value);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #assertOpen(): void {
    if (this.#closed) throw new LichenError("closed", "the store is closed");
  }
}

/** Rows of one table: values by key, and the keys in order. */
class Table {
  readonly values = new Map<string, string>();
  readonly #keys: string[] = [];

  set(key: string, value: string): void {
    if (!this.values.has(key)) this.#keys.splice(this.#firstFrom(key), 0, key);
    this.values.set(key, value);
  }

  delete(key: string): void {
    if (this.values.delete(key)) this.#keys.splice(this.#firstFrom(key), 1);
  }

  list(prefix: string, after: string, limit: number): Row[] {
    let at = this.#firstFrom(compareKeys(prefix, after) > 0 ? prefix : after);
    if (this.#keys[at] === after) at++;
    const rows: Row[] = [];
    for (; at < this.#keys.length && rows.length < limit; at++) {
      const key = this.#keys[at] as string;
      if (!key.startsWith(prefix)) break;
      rows.push({ key, value: this.values.get(key) as string });
    }
    return rows;
  }

  /** Index of the first key not below `key`. */
  #firstFrom(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#keys[middle] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

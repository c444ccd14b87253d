import { LichenError, limits } from "@lichen/kernel";
import type { RowQuery, Write } from "./store.ts";

const tableName = /^[a-z0-9-]{1,64}$/;
const defaultRows = 1000;

/**
 * What every store refuses in the same words, whatever holds its rows.
 * @throws {LichenError} `bad-argument`, `limit-exceeded`
 */
export function checkWrites(writes: readonly Write[]): void {
  if (writes.length > limits.storeWrites) exceeded("writes in a commit", writes.length, limits.storeWrites);
  for (const { table, key, value } of writes) {
    checkKey(table, key);
    if (value !== undefined) checkText("value", value, limits.storeValueBytes);
  }
}

/** @throws {LichenError} `bad-argument`, `limit-exceeded` */
export function checkKey(table: string, key: string): void {
  checkTable(table);
  if (key === "") throw new LichenError("bad-argument", "store: the key is empty");
  checkText("key", key, limits.storeKeyBytes);
}

/**
 * A query with its defaults filled in.
 * @throws {LichenError} `bad-argument`, `limit-exceeded`
 */
export function checkQuery(table: string, query: RowQuery): Required<RowQuery> {
  const { prefix = "", after = "", limit = defaultRows } = query;
  checkTable(table);
  checkText("prefix", prefix, limits.storeKeyBytes);
  checkText("after", after, limits.storeKeyBytes);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new LichenError("bad-argument", `store: limit is ${limit}, expected a positive integer`);
  }
  if (limit > limits.storeRows) exceeded("rows in a listing", limit, limits.storeRows);
  return { prefix, after, limit };
}

function checkTable(table: string): void {
  if (tableName.test(table)) return;
  throw new LichenError("bad-argument", "store: a table's name is 1 to 64 of a-z, 0-9 and -");
}

function checkText(what: string, text: unknown, mostBytes: number): void {
  if (typeof text !== "string") throw new LichenError("bad-argument", `store: the ${what} is not text`);
  // UTF-8 takes at most three bytes for one UTF-16 unit: short text need not be measured.
  if (text.length * 3 > mostBytes) {
    const sizeBytes = utf8Bytes(text, mostBytes);
    if (sizeBytes > mostBytes) exceeded(`bytes of a ${what}`, sizeBytes, mostBytes);
  }
  if (!text.isWellFormed())
    throw new LichenError("bad-argument", `store: the ${what} holds half a surrogate pair`);
}

// Gives up as soon as the bound is passed, so that a huge text costs no copy of itself.
function utf8Bytes(text: string, mostBytes: number): number {
  let sizeBytes = text.length;
  for (let i = 0; i < text.length && sizeBytes <= mostBytes; i++) {
    const unit = text.charCodeAt(i);
    // Each half of a surrogate pair counts two of the pair's four bytes.
    if (unit >= 0x80) sizeBytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return sizeBytes;
}

function exceeded(what: string, value: number, most: number): never {
  throw new LichenError("limit-exceeded", `store: ${what}: ${value} or more, at most ${most}`);
}

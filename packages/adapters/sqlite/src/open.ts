import { resolve } from "node:path";
import type { Store } from "@lichen/ports";
import { openDatabase } from "./internal/database.ts";
import { SqliteStore } from "./internal/store.ts";

/**
 * Opens a service's store in one file, and makes it where there is none (with its directory, for the
 * owner's eyes only). The file belongs to this process until `close` or its death.
 *
 * Commits are written by the main thread, all that are waiting in one transaction; a durable one
 * waits for the disk and whatever runs beside it waits too.
 *
 * @param path of the database; `-wal` and `.pid` stand beside it
 * @throws {LichenError} `state-invalid` where another process holds it, a newer Lichen or another
 *   program wrote it, it is damaged, or cannot be read or written
 * @example
 * const store = await openSqliteStore("/var/lib/lichen/gateway.db");
 * await store.commit([{ table: "voucher", key: id, value: json }], { durable: true });
 */
export async function openSqliteStore(path: string): Promise<Store> {
  const file = resolve(path);
  return new SqliteStore(openDatabase(file), file);
}

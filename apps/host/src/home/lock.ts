import { DatabaseSync } from "node:sqlite";
import { LichenError } from "@lichen/kernel";
import type { Home } from "./home.ts";

/**
 * Takes a home for this process until the returned function is called or the process ends, however it
 * ends: SQLite's file lock is the kernel's, so there is no stale one to be judged.
 *
 * @returns undefined where another process holds it
 * @throws {LichenError} `state-invalid` where the file cannot be used
 */
export function lockHome(home: Home): (() => void) | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(home.lockFile, { timeout: 0 });
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    const held = database;
    return () => held.close();
  } catch (cause) {
    if (database?.isOpen) database.close();
    if ((cause as { errcode?: number }).errcode === busy) return undefined;
    throw new LichenError("state-invalid", `the home ${home.dir} cannot be locked`, {
      details: (cause as Error).message,
      remedy: `see that ${home.lockFile} is writable, or remove it while nothing runs`,
      cause,
    });
  }
}

/** SQLITE_BUSY */
const busy = 5;

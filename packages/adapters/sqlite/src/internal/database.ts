import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LichenError } from "@lichen/kernel";
import { fromSqlite } from "./errors.ts";

/** `Lich` in SQLite's header: the file is ours. */
const applicationId = 0x4c696368;
/** Raised whenever an older build could not work with the tables. */
const schemaVersion = 1;
/** A log that grew beyond this is cut after the next checkpoint. */
const walBytes = 64 * 1024 * 1024;

/**
 * Opens the file, takes it for this process, and checks that it is ours and whole.
 * @throws {LichenError} `state-invalid`
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    prepareFile(path);
    database = new DatabaseSync(path, { timeout: 0 });
    // Exclusive before the first access: the lock is the kernel's, so it dies with its holder, and
    // the log's index stays in this process's memory.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    checkOwner(database, path);
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${walBytes}`,
    );
    createSchema(database);
    writeFileSync(pidFile(path), `${process.pid}\n`, { mode: 0o600 });
    return database;
  } catch (error) {
    database?.close();
    throw fromSqlite(error, path, () => holder(path));
  }
}

/** Lets go of the file. */
export function closeDatabase(database: DatabaseSync, path: string): void {
  // First the name, then the lock: afterwards the name could be another process's.
  rmSync(pidFile(path), { force: true });
  database.close();
}

// SQLite would make the file readable for the whole machine.
function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
}

// Before anything is written: what is not ours is left as it was.
function checkOwner(database: DatabaseSync, path: string): void {
  const owner = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  const tables = Number(database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"]);
  if (owner !== applicationId && (owner !== 0 || version !== 0 || tables > 0)) {
    throw new LichenError("state-invalid", `${path} belongs to another program`, {
      details: `application id ${owner}, expected ${applicationId}`,
      remedy: "point Lichen at a path of its own",
    });
  }
  if (version > schemaVersion) {
    throw new LichenError("state-invalid", `${path} was written by a newer Lichen`, {
      details: `schema ${version}, this build reads up to ${schemaVersion}`,
      remedy: "upgrade Lichen; the file was left as it is",
    });
  }
}

function createSchema(database: DatabaseSync): void {
  // Taking the write lock now tells a second process at once, not at its first commit.
  database.exec("BEGIN IMMEDIATE");
  if (pragma(database, "user_version") === 0) {
    // One table, and rows apart from their index: with keys in no order this took 33,000 rows/s where
    // WITHOUT ROWID took 7,000 and a table for each name 10,000.
    database.exec(`
      CREATE TABLE entries (name TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name, key)) STRICT;
      CREATE TABLE sync (count INTEGER NOT NULL) STRICT;
      INSERT INTO sync VALUES (0);
      PRAGMA application_id = ${applicationId};
      PRAGMA user_version = ${schemaVersion};
    `);
  }
  database.exec("COMMIT");
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/** Where the process that holds the store writes its id, for the one that finds it held. */
const pidFile = (path: string): string => `${path}.pid`;

function holder(path: string): string {
  try {
    return `process ${readFileSync(pidFile(path), "utf8").trim().slice(0, 20)}`;
  } catch {
    return "another process";
  }
}

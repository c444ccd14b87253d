import type { DatabaseSync, StatementSync } from "node:sqlite";
import { LichenError, limits } from "@lichen/kernel";
import {
  checkKey,
  checkQuery,
  checkWrites,
  keyAfterPrefix,
  type Row,
  type RowQuery,
  type Store,
  type Write,
} from "@lichen/ports";
import { closeDatabase } from "./database.ts";
import { fromSqlite, leavesUsable } from "./errors.ts";

/** Commits and writes in one transaction, but for a single larger commit: others get their turn in between. */
const groupWork = 4096;

type Commit = {
  writes: readonly Write[];
  durable: boolean;
  resolve: () => void;
  reject: (error: LichenError) => void;
};

/** A `Store` over an open database, which it owns from now on. */
export class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #statements: Statements;
  #queue: Commit[] = [];
  /** Settles when the queue is empty; undefined while nothing is queued. */
  #idle: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #failure: LichenError | undefined;
  /** Whether `PRAGMA synchronous` stands at FULL. */
  #syncing = true;
  /** Whether something was committed that may not have reached the disk; a killed predecessor's too. */
  #unsynced = true;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    try {
      this.#statements = prepare(database);
    } catch (error) {
      closeDatabase(database, path);
      throw fromSqlite(error, path);
    }
  }

  async get(table: string, key: string): Promise<string | undefined> {
    this.#assertUsable();
    checkKey(table, key);
    await this.#caughtUp();
    return this.#read(() => this.#statements.get.get(table, key)?.["value"] as string | undefined);
  }

  async list(table: string, query: RowQuery = {}): Promise<Row[]> {
    this.#assertUsable();
    const { prefix, after, limit } = checkQuery(table, query);
    await this.#caughtUp();
    const end = keyAfterPrefix(prefix);
    const rows = this.#read(() =>
      end === undefined
        ? this.#statements.list.all(table, after, prefix, limit)
        : this.#statements.listUntil.all(table, after, prefix, end, limit),
    );
    return rows.map(({ key, value }) => ({ key: key as string, value: value as string }));
  }

  async commit(writes: readonly Write[], options: { durable?: boolean } = {}): Promise<void> {
    this.#assertUsable();
    checkWrites(writes);
    if (this.#queue.length >= limits.storePending) {
      throw new LichenError("limit-exceeded", `store: ${limits.storePending} commits wait already`, {
        remedy: "wait for earlier commits before calling more",
        retryable: true,
      });
    }
    const committed = new Promise<void>((resolve, reject) => {
      this.#queue.push({ writes: [...writes], durable: options.durable ?? false, resolve, reject });
    });
    this.#idle ??= this.#drain();
    await committed;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#idle;
    // Reads that waited for the last group have their turn first.
    await nextTurn();
    try {
      closeDatabase(this.#database, this.#path);
    } catch (error) {
      throw fromSqlite(error, this.#path);
    }
  }

  /** Resolves when every commit called before has been written, or refused. */
  #caughtUp(): Promise<void> | undefined {
    if (this.#queue.length === 0) return undefined;
    return new Promise((resolve) => {
      this.#queue.push({ writes: [], durable: false, resolve, reject: () => resolve() });
    });
  }

  /** Writes the queue group by group, each in a turn of the event loop of its own. */
  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      await nextTurn();
      const group = this.#takeGroup();
      try {
        this.#write(group);
        for (const commit of group) commit.resolve();
      } catch (error) {
        const failure = fromSqlite(error, this.#path);
        if (!leavesUsable(error)) this.#failure = failure;
        for (const commit of group) commit.reject(failure);
      }
    }
    this.#idle = undefined;
  }

  #takeGroup(): Commit[] {
    let count = 0;
    let work = 0;
    for (const commit of this.#queue) {
      work += 1 + commit.writes.length;
      if (count > 0 && work > groupWork) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #write(group: readonly Commit[]): void {
    // After a failure that leaves it open what the disk holds, only reopening the file tells.
    if (this.#failure !== undefined) throw this.#failure;
    const durable = group.some((commit) => commit.durable);
    this.#setSyncing(durable);
    this.#statements.begin.run();
    try {
      for (const commit of group) for (const write of commit.writes) this.#apply(write);
      // Under FULL a commit syncs the log, and all earlier commits with it, but not one that changes
      // nothing (as when it repeats what was written before): so it changes something.
      if (durable && this.#unsynced) this.#statements.touch.run();
      this.#statements.commit.run();
      this.#unsynced = !durable;
    } catch (error) {
      // Some failures have ended the transaction already.
      if (this.#database.isTransaction) this.#statements.rollback.run();
      throw error;
    }
  }

  #apply({ table, key, value }: Write): void {
    if (value === undefined) this.#statements.delete.run(table, key);
    else this.#statements.put.run(table, key, value);
  }

  #setSyncing(syncing: boolean): void {
    if (syncing === this.#syncing) return;
    this.#database.exec(`PRAGMA synchronous = ${syncing ? "FULL" : "NORMAL"}`);
    this.#syncing = syncing;
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw fromSqlite(error, this.#path);
    }
  }

  #assertUsable(): void {
    if (this.#closing !== undefined) throw new LichenError("closed", "the store is closed");
    if (this.#failure !== undefined) throw this.#failure;
  }
}

type Statements = Record<
  "begin" | "commit" | "rollback" | "put" | "delete" | "touch" | "get" | "list" | "listUntil",
  StatementSync
>;

function prepare(database: DatabaseSync): Statements {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    put: database.prepare(
      "INSERT INTO entries (name, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    ),
    delete: database.prepare("DELETE FROM entries WHERE name = ? AND key = ?"),
    touch: database.prepare("UPDATE sync SET count = count + 1"),
    get: database.prepare("SELECT value FROM entries WHERE name = ? AND key = ?"),
    list: database.prepare(
      "SELECT key, value FROM entries WHERE name = ? AND key > ? AND key >= ? ORDER BY key LIMIT ?",
    ),
    listUntil: database.prepare(
      "SELECT key, value FROM entries WHERE name = ? AND key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ?",
    ),
  };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

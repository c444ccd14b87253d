import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import { limits } from "@lichen/kernel";
import { openDatabase } from "./database.ts";
import { SqliteStore } from "./store.ts";

describe("a store whose disk gives trouble", () => {
  let directory: string;
  let database: DatabaseSync;
  let store: SqliteStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lichen-sqlite-"));
    const path = join(directory, "store.db");
    database = openDatabase(path);
    store = new SqliteStore(database, path);
  });
  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });
  const put = (key: string, value: string): Promise<void> => store.commit([{ table: "t", key, value }]);

  test("refuses what does not fit and goes on", async () => {
    await put("first", "1");
    database.exec("PRAGMA max_page_count = 20");
    await assert.rejects(put("big", "x".repeat(1_000_000)), { code: "state-invalid", retryable: true });
    await put("small", "1");
    assert.equal(await store.get("t", "big"), undefined);
    assert.equal(await store.get("t", "first"), "1");
    assert.equal(await store.get("t", "small"), "1");
  });

  test("stops for good where it cannot know what the disk holds", async () => {
    await put("first", "1");
    database.exec("DROP TABLE entries");
    const failed = [put("a", "1"), put("b", "1")];
    for (const commit of failed) await assert.rejects(commit, { code: "state-invalid" });
    await assert.rejects(put("c", "1"), { code: "state-invalid" });
    await assert.rejects(store.get("t", "first"), { code: "state-invalid" });
  });

  test("refuses commits beyond the queue's bound and keeps those before", async () => {
    const commits = Array.from({ length: limits.storePending }, () => store.commit([]));
    await assert.rejects(put("late", "1"), { code: "limit-exceeded", retryable: true });
    await Promise.all(commits);
    assert.equal(await store.get("t", "late"), undefined);
    await put("late", "1");
  });

  test("a reader is not kept waiting by commits that never end", async () => {
    // Each fills a group of its own, so that two of the three always wait.
    const writes = Array.from({ length: 2500 }, () => ({ table: "t", key: "k", value: "1" }));
    let reading = true;
    const writers = Array.from({ length: 3 }, async () => {
      for (let i = 0; i < 30; i++) {
        await store.commit(writes);
        if (!reading) return;
      }
      assert.fail("the reader outlasted the writers");
    });
    const ended = Promise.all(writers);
    for (let i = 0; i < 3; i++) await store.get("t", "k");
    reading = false;
    await ended;
  });

  test("syncs the log for a durable commit even where it changes nothing", async () => {
    const count = (): unknown => database.prepare("SELECT count FROM sync").get()?.["count"];
    const write = [{ table: "t", key: "k", value: "1" }];
    await store.commit(write);
    const before = Number(count());
    await store.commit(write, { durable: true });
    assert.equal(count(), before + 1);
    await store.commit(write, { durable: true });
    assert.equal(count(), before + 1);
    assert.equal(database.prepare("PRAGMA synchronous").get()?.["synchronous"], 2);
    await store.commit(write);
    assert.equal(database.prepare("PRAGMA synchronous").get()?.["synchronous"], 1);
  });
});

import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import type { Store } from "@lichen/ports";
import { storeCompliance } from "@lichen/ports/compliance";
import { createSeededRandom } from "@lichen/ports/memory";
import { openSqliteStore } from "./open.ts";

const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), "lichen-sqlite-"));

storeCompliance("sqlite", {
  async setup() {
    const directory = await newDirectory();
    const store = await openSqliteStore(join(directory, "store.db"));
    return {
      store,
      async teardown() {
        await store.close();
        await rm(directory, { recursive: true });
      },
    };
  },
});

describe("a store's file", () => {
  let directory: string;
  let count = 0;
  const newPath = (): string => join(directory, `${count++}`, "store.db");
  before(async () => {
    directory = await newDirectory();
  });
  after(() => rm(directory, { recursive: true }));

  async function filled(rows: number): Promise<string> {
    const path = newPath();
    const store = await openSqliteStore(path);
    for (let i = 0; i < rows; i++)
      await store.commit([{ table: "t", key: `k${i}`, value: "x".repeat(1000) }]);
    await store.close();
    return path;
  }

  test("is there again after closing, for its owner only, without files beside it", async () => {
    const path = await filled(3);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await assert.rejects(stat(`${path}.pid`), { code: "ENOENT" });
    await assert.rejects(stat(`${path}-wal`), { code: "ENOENT" });
    const store = await openSqliteStore(path);
    assert.equal((await stat(`${path}-wal`)).mode & 0o777, 0o600);
    assert.equal((await store.list("t")).length, 3);
    await store.close();
  });

  test("belongs to one holder, whose process id the next one is told", async () => {
    const path = newPath();
    const child = await startChild(path);
    try {
      await assert.rejects(openSqliteStore(path), (error: Error) => {
        assert.equal((error as Error & { code: string }).code, "state-invalid");
        assert.match(error.message, new RegExp(`process ${child.pid}\\b`));
        return true;
      });
    } finally {
      await kill(child);
    }
    await (await openSqliteStore(path)).close();
  });

  test("cannot be opened twice in one process either", async () => {
    const path = await filled(1);
    const store = await openSqliteStore(path);
    await assert.rejects(openSqliteStore(path), { code: "state-invalid", retryable: true });
    await store.commit([{ table: "t", key: "still", value: "here" }]);
    await store.close();
  });

  test("is refused where it is garbage, cut short or a directory", async () => {
    const garbage = await filled(0);
    await writeFile(garbage, Buffer.from(createSeededRandom(1).bytes(10_000)));
    const cut = await filled(200);
    await truncate(cut, 3 * 4096);
    const headless = await filled(0);
    await truncate(headless, 60);
    for (const path of [garbage, cut, headless, directory]) {
      await assert.rejects(openSqliteStore(path), (error: Error & { code: string; remedy: string }) => {
        assert.equal(error.code, "state-invalid");
        return error.remedy !== undefined;
      });
    }
  });

  test("says so where a page inside it is damaged", async () => {
    const path = await filled(200);
    const bytes = await readFile(path);
    for (let at = 2 * 4096; at < bytes.length; at += 4096) bytes.fill(0xff, at, at + 4096);
    await writeFile(path, bytes);
    await assert.rejects(
      async () => {
        const store = await openSqliteStore(path);
        try {
          await store.list("t");
        } finally {
          await store.close();
        }
      },
      { code: "state-invalid" },
    );
  });

  test("is left as it was where a newer Lichen or another program wrote it", async () => {
    const newer = await filled(1);
    const foreign = newPath();
    await (await openSqliteStore(foreign)).close();
    await rm(foreign);
    for (const [path, change] of [
      [newer, "PRAGMA user_version = 2"],
      [foreign, "CREATE TABLE theirs (a)"],
    ] as const) {
      const database = new DatabaseSync(path);
      database.exec(change);
      database.close();
      const original = await readFile(path);
      await assert.rejects(openSqliteStore(path), { code: "state-invalid" });
      assert.deepEqual(await readFile(path), original);
    }
  });
});

describe("kill -9", () => {
  test("loses nothing acknowledged and splits no commit", async () => {
    const directory = await newDirectory();
    const random = createSeededRandom(20_260_727);
    try {
      for (let round = 0; round < 6; round++) {
        const path = join(directory, `${round}.db`);
        const acknowledged = await runAndKill(path, random.bytes(1)[0] as number);
        const store = await openSqliteStore(path);
        await checkCommits(store, acknowledged);
        await store.close();
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

/** Lets the child commit until it has acknowledged something and `delay` of 256 parts of 100 ms are over. */
async function runAndKill(path: string, delay: number): Promise<Set<number>> {
  const acknowledged = new Set<number>();
  const child = await startChild(path);
  try {
    child.on("message", (message) => acknowledged.add(message as number));
    child.send("go");
    await once(child, "message", { signal: AbortSignal.timeout(20_000) });
    await new Promise((resolve) => setTimeout(resolve, (delay / 256) * 100));
  } finally {
    await kill(child);
  }
  return acknowledged;
}

/** Commit `n` writes rows `n-a`, `n-b`, `n-next` and deletes the `next` of the one before. */
async function checkCommits(store: Store, acknowledged: Set<number>): Promise<void> {
  const rows = await store.list("t", { limit: 10_000 });
  const parts = Map.groupBy(rows, (row) => Number(row.key.split("-")[0]));
  const newest = Math.max(...parts.keys());
  assert.ok(newest >= Math.max(...acknowledged), "an acknowledged commit is gone");
  assert.ok(acknowledged.size > 0);
  for (let n = 0; n <= newest; n++) {
    const expected = n === newest ? ["a", "b", "next"] : ["a", "b"];
    const found = (parts.get(n) ?? []).map((row) => row.key.split("-")[1]);
    assert.deepEqual(found, expected, `commit ${n} of ${newest}`);
  }
}

async function startChild(path: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, "internal", "commit-child.ts"), [path]);
  await once(child, "message", { signal: AbortSignal.timeout(20_000) });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "close");
  child.kill("SIGKILL");
  await gone;
}

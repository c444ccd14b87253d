import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { limits } from "@lichen/kernel";
import { compareKeys } from "../key-order.ts";
import type { Row, Store, Write } from "../store.ts";

/** What the suite runs against; `teardown` is called after each test, with the store open or closed. */
export type StoreSubject = { store: Store; teardown(): Promise<void> };

/** Registers the tests that every `Store` passes. */
export function storeCompliance(name: string, options: { setup(): Promise<StoreSubject> }): void {
  describe(`${name}: a store`, () => {
    let subject: StoreSubject;
    let store: Store;
    beforeEach(async () => {
      subject = await options.setup();
      store = subject.store;
    });
    afterEach(() => subject.teardown());

    const put = (...rows: [key: string, value: string][]): Promise<void> =>
      store.commit(rows.map(([key, value]) => ({ table: "t", key, value })));
    const keys = (rows: readonly Row[]): string[] => rows.map((row) => row.key);

    test("gives back what was written, to the table it was written to", async () => {
      await put(["a", "1"], ["b", ""]);
      assert.equal(await store.get("t", "a"), "1");
      assert.equal(await store.get("t", "b"), "");
      assert.equal(await store.get("t", "c"), undefined);
      assert.equal(await store.get("other", "a"), undefined);
      assert.deepEqual(await store.list("other"), []);
    });

    test("replaces and deletes, in the order of the writes", async () => {
      await put(["a", "1"], ["a", "2"], ["b", "1"]);
      await store.commit([
        { table: "t", key: "b", value: undefined },
        { table: "t", key: "c", value: undefined },
        { table: "t", key: "d", value: "1" },
        { table: "t", key: "d", value: undefined },
      ]);
      assert.deepEqual(await store.list("t"), [{ key: "a", value: "2" }]);
      await store.commit([]);
    });

    test("keeps any well-formed text", async () => {
      const texts = ["a\0b", "é", "\ufeff", "\u{1f33f}", "'\"\\;--", "\n", " ", "%_", "\u{10ffff}"];
      await put(...texts.map((text): [string, string] => [text, text]));
      for (const text of texts) assert.equal(await store.get("t", text), text);
      assert.equal((await store.list("t")).length, texts.length);
    });

    test("lists in the order of UTF-8 bytes", async () => {
      const texts = ["", "\0", "a", "a\0", "aa", "b", "é", "\u07ff", "\u0800", "\ud7ff", "\ue000"];
      texts.push("\uffff", "\u{10000}", "\u{1f33f}", "\u{10ffff}");
      const all = texts.flatMap((first) => texts.map((second) => first + second)).filter((key) => key !== "");
      const unique = [...new Set(all)];
      await put(...unique.toReversed().map((key): [string, string] => [key, key]));
      const byBytes = unique.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(keys(await store.list("t")), byBytes);
      assert.deepEqual(unique.toSorted(compareKeys), byBytes);
      for (const text of unique) {
        const start = byBytes.filter((key) => key.startsWith(text));
        const rest = byBytes.slice(byBytes.indexOf(text) + 1);
        assert.deepEqual(keys(await store.list("t", { prefix: text })), start, JSON.stringify(text));
        assert.deepEqual(keys(await store.list("t", { after: text })), rest, JSON.stringify(text));
      }
    });

    test("lists by prefix, after a key, up to a limit", async () => {
      await put(...["a", "b", "ba", "bb", "bc", "c"].map((key): [string, string] => [key, key]));
      assert.deepEqual(keys(await store.list("t", { prefix: "b", limit: 2 })), ["b", "ba"]);
      assert.deepEqual(keys(await store.list("t", { prefix: "b", after: "ba" })), ["bb", "bc"]);
      assert.deepEqual(keys(await store.list("t", { prefix: "b", after: "bab" })), ["bb", "bc"]);
      assert.deepEqual(keys(await store.list("t", { prefix: "b", after: "a" })), ["b", "ba", "bb", "bc"]);
      assert.deepEqual(keys(await store.list("t", { prefix: "b", after: "c" })), []);
      assert.deepEqual(keys(await store.list("t", { after: "bb", limit: 1 })), ["bc"]);
      assert.deepEqual(keys(await store.list("t", { after: "c" })), []);
      assert.deepEqual(keys(await store.list("t", { prefix: "\u{10ffff}" })), []);
    });

    test("lists 1,000 rows unless told otherwise", async () => {
      const rows = Array.from({ length: 1001 }, (_, i): [string, string] => [`${i}`.padStart(5, "0"), "x"]);
      await put(...rows);
      assert.equal((await store.list("t")).length, 1000);
      assert.equal((await store.list("t", { limit: limits.storeRows })).length, 1001);
    });

    test("commits concurrently in the order of the calls, and reads what was called before", async () => {
      const commits: Promise<void>[] = [];
      const reads: Promise<string | undefined>[] = [];
      for (let i = 0; i < 500; i++) {
        const writes: Write[] = [
          { table: "t", key: "last", value: `${i}` },
          { table: "t", key: `k${i}`, value: `${i}` },
          { table: "t", key: `k${i - 1}`, value: undefined },
        ];
        commits.push(store.commit(writes, { durable: i % 7 === 0 }));
        if (i % 50 === 0) reads.push(store.get("t", `k${i}`).then((value) => value ?? "passed"));
      }
      const listed = store.list("t");
      await Promise.all(commits);
      assert.deepEqual(keys(await listed), ["k499", "last"]);
      assert.equal(await store.get("t", "last"), "499");
      for (const read of await Promise.all(reads)) assert.ok(read === "passed" || Number(read) % 50 === 0);
    });

    test("writes all of a commit or nothing", async () => {
      const good: Write = { table: "t", key: "good", value: "1" };
      const bad: Write[] = [
        { table: "t", key: "", value: "1" },
        { table: "", key: "k", value: "1" },
        { table: "T'; --", key: "k", value: "1" },
        { table: "t", key: "\ud800", value: "1" },
        { table: "t", key: "k", value: "\udc00" },
        { table: "t", key: "k", value: 7 as unknown as string },
        { table: "t", key: "k", value: null as unknown as string },
      ];
      for (const write of bad) {
        await assert.rejects(store.commit([good, write]), { code: "bad-argument" }, JSON.stringify(write));
      }
      const big = "é".repeat(limits.storeKeyBytes / 2);
      await assert.rejects(store.commit([good, { table: "t", key: `${big}a`, value: "1" }]), {
        code: "limit-exceeded",
      });
      assert.equal(await store.get("t", "good"), undefined);
      await put([big, "1"]);
      assert.equal(await store.get("t", big), "1");
    });

    test("takes values up to the bound and none beyond", async () => {
      const value = "\u{1f33f}".repeat(limits.storeValueBytes / 4);
      await put(["big", value]);
      assert.equal((await store.get("t", "big")) === value, true);
      await assert.rejects(put(["big", `${value}a`]), { code: "limit-exceeded" });
      await assert.rejects(put(["big", "a".repeat(limits.storeValueBytes + 1)]), { code: "limit-exceeded" });
      assert.equal((await store.get("t", "big"))?.length, value.length);
      const writes = Array.from({ length: limits.storeWrites + 1 }, (_, i): [string, string] => [
        `${i}`,
        "x",
      ]);
      await assert.rejects(put(...writes), { code: "limit-exceeded" });
      await put(...writes.slice(1));
      assert.equal((await store.list("t", { limit: limits.storeRows })).length, limits.storeRows);
    });

    test("refuses a query outside its bounds", async () => {
      for (const limit of [0, -1, 1.5, Number.NaN]) {
        await assert.rejects(store.list("t", { limit }), { code: "bad-argument" });
      }
      await assert.rejects(store.list("t", { limit: limits.storeRows + 1 }), { code: "limit-exceeded" });
      await assert.rejects(store.list("t", { prefix: "\ud800" }), { code: "bad-argument" });
      await assert.rejects(store.list("T"), { code: "bad-argument" });
      await assert.rejects(store.get("t", ""), { code: "bad-argument" });
    });

    test("is untouched by what becomes of the arrays it was given or gave", async () => {
      const writes: Write[] = [{ table: "t", key: "a", value: "1" }];
      const committed = store.commit(writes);
      writes[0] = { table: "t", key: "b", value: "2" };
      writes.push({ table: "t", key: "c", value: "3" });
      await committed;
      const rows = await store.list("t");
      (rows[0] as Row).value = "changed";
      rows.pop();
      assert.deepEqual(await store.list("t"), [{ key: "a", value: "1" }]);
    });

    test("finishes what is pending when it closes, then refuses", async () => {
      const pending = Promise.all([
        put(["a", "1"]),
        store.commit([], { durable: true }),
        store.get("t", "a"),
      ]);
      const closing = store.close();
      await assert.rejects(put(["b", "1"]), { code: "closed" });
      assert.equal((await pending)[2], "1");
      await closing;
      await store.close();
      await assert.rejects(store.get("t", "a"), { code: "closed" });
      await assert.rejects(store.list("t"), { code: "closed" });
    });
  });
}

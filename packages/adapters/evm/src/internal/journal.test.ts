import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "@lichen/ports/memory";
import { Journal, type JournalRow } from "./journal.ts";
import { withCode } from "./testing.ts";

const account = `0x${"ab".repeat(20)}` as const;
const row = (nonce: number): JournalRow => ({
  nonce,
  hash: "0x01",
  raw: "0x02",
  purpose: "open",
  status: "sent",
});
const noncesFrom = (journal: Journal, nonce: number) => journal.from(nonce).map((each) => each.nonce);

async function loaded(store = createMemoryStore(), chainId = 1): Promise<Journal> {
  const journal = new Journal(store, { chainId, account });
  await journal.load();
  return journal;
}

test("rows come back in order, for their chain only", async () => {
  const store = createMemoryStore();
  const journal = await loaded(store);
  for (let nonce = 8; nonce < 12; nonce++) await journal.append(row(nonce));
  await journal.mark(11, "mined");
  const again = await loaded(store);
  assert.deepEqual(noncesFrom(again, 9), [9, 10, 11]);
  assert.deepEqual(again.last, { ...row(11), status: "mined" });
  assert.equal((await loaded(store, 2)).last, undefined);
});

test("a nonce is never used twice", async () => {
  const journal = await loaded();
  await journal.append(row(3));
  await assert.rejects(journal.append(row(3)), withCode("internal"));
  await assert.rejects(journal.append(row(2)), withCode("internal"));
});

test("the oldest are forgotten at the bound, and missed by name", async () => {
  const store = createMemoryStore();
  const journal = await loaded(store);
  for (let nonce = 0; nonce < 600; nonce++) await journal.append(row(nonce));
  for (const each of [journal, await loaded(store)]) {
    assert.equal(noncesFrom(each, 88).length, 512);
    assert.throws(() => each.from(87), withCode("chain-mismatch"));
    assert.deepEqual(each.from(600), []);
  }
});

test("what stands before a gap cannot be sent again and is forgotten", async () => {
  const journal = await loaded();
  await journal.append(row(1));
  await journal.append(row(5));
  assert.deepEqual(noncesFrom(journal, 5), [5]);
  assert.throws(() => journal.from(1), withCode("chain-mismatch"));
});

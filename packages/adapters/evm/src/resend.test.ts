import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hex } from "@lichen/kernel";
import { LichenError } from "@lichen/kernel";
import { createMemoryStore, createSeededRandom } from "@lichen/ports/memory";
import { createEvmLedger } from "./create-evm-ledger.ts";
import { createRpc } from "./internal/rpc.ts";
import {
  killChain,
  makeHome,
  realClock,
  signerOf,
  silentLog,
  startLedger,
  withCode,
} from "./internal/testing.ts";

const payer = signerOf(2);
const payee = signerOf(3);
const salt: Hex = `0x${"22".repeat(32)}`;
const key = { payer: payer.address, payee: payee.address, salt };
/** No snapshot comes by itself. */
const never = { snapshotEveryMs: 3_600_000 };

test("what a chain lost since its snapshot is sent again, once", async (t) => {
  const home = await makeHome(t);
  const chain = await home.startDeployed(never);
  const port = Number(new URL(chain.rpcUrl).port);
  const store = createMemoryStore();
  const ledger = await startLedger(t, chain, { store });
  await ledger.open(key.payee, key.salt, 100n);
  await chain.snapshot();
  const sent = [await ledger.topUp(key, 1n), await ledger.topUp(key, 20n), await ledger.topUp(key, 300n)];
  await killChain(chain);

  const again = await home.startDeployed({ ...never, port });
  const restarted = await startLedger(t, again, { store });
  assert.equal((await restarted.channel(key))?.depositUnits, 421n);
  const rpc = createRpc({ clock: realClock }, { urls: [again.rpcUrl], timeoutMs: 5_000 });
  for (const { transaction } of sent) {
    const receipt = (await rpc.call("eth_getTransactionReceipt", [transaction])) as { status: string } | null;
    assert.equal(receipt?.status, "0x1", "the very same transaction");
  }
  // Once more over a chain that has them, and over one that lost them again.
  await restarted.stop();
  await (await startLedger(t, again, { store })).stop();
  await killChain(again);
  const third = await home.startDeployed({ ...never, port });
  const last = await startLedger(t, third, { store });
  assert.equal((await last.channel(key))?.depositUnits, 421n);
  assert.equal((await last.topUp(key, 4_000n)).transaction.length, 66);
  assert.equal((await last.channel(key))?.depositUnits, 4_421n);
});

test("a ledger that goes on through the chain's death brings it back by itself", async (t) => {
  const home = await makeHome(t);
  const chain = await home.startDeployed(never);
  const port = Number(new URL(chain.rpcUrl).port);
  const ledger = await startLedger(t, chain);
  await ledger.open(key.payee, key.salt, 100n);
  await chain.snapshot();
  await ledger.topUp(key, 1n);
  await killChain(chain);
  await home.startDeployed({ ...never, port });
  for (let waitedMs = 0; (await ledger.channel(key))?.depositUnits !== 101n; waitedMs += 100) {
    assert.ok(waitedMs < 30_000, "the idle ledger never looked");
    await realClock.sleep(100);
  }
});

test("a transaction that reverts when it is sent again is on record, not fatal", async (t) => {
  const home = await makeHome(t);
  const chain = await home.startDeployed(never);
  const port = Number(new URL(chain.rpcUrl).port);
  const store = createMemoryStore();
  const ledger = await startLedger(t, chain, { store });
  const other = await startLedger(t, chain, { signer: payee });
  await ledger.open(key.payee, key.salt, 100n);
  await chain.snapshot();
  await ledger.topUp(key, 1n);
  await ledger.stop();
  await other.stop();
  await killChain(chain);

  const again = await home.startDeployed({ ...never, port });
  const payeeAgain = await startLedger(t, again, { signer: payee });
  await payeeAgain.release(key);
  const events: unknown[] = [];
  const restarted = await startLedger(t, again, {
    store,
    log: (_level, event, fields) => events.push([event, fields?.["purpose"]]),
  });
  assert.ok(events.some((event) => JSON.stringify(event) === '["transaction.failed","topUp"]'));
  assert.equal((await restarted.channel(key))?.closed, true);
  await restarted.open(key.payee, `0x${"23".repeat(32)}`, 5n);
  const rows = await store.list("evm-journal");
  assert.deepEqual(
    rows
      .map(({ value }) => JSON.parse(value) as { purpose: string; status: string })
      .map((row) => [row.purpose, row.status]),
    [
      ["approve", "mined"],
      ["open", "mined"],
      ["topUp", "reverted"],
      ["open", "mined"],
    ],
  );
});

test("killed at any moment, every transaction happens once", async (t) => {
  const seed = 7;
  const random = createSeededRandom(seed);
  const home = await makeHome(t);
  let chain = await home.startDeployed({ snapshotEveryMs: 100 });
  const port = Number(new URL(chain.rpcUrl).port);
  const store = createMemoryStore();
  let ledger = await startLedger(t, chain, { store });
  await ledger.open(key.payee, key.salt, 1n);
  await chain.snapshot();
  const topUps = 24;
  const kills = 3;
  let asked = 0;
  const work = async (): Promise<void> => {
    while (asked < topUps) {
      try {
        await ledger.topUp(key, 1n);
        asked++;
      } catch (error) {
        if (!(error instanceof LichenError)) throw error;
        // Signed, so it will happen; or not even that.
        if (error.code === "chain-unavailable" && !error.retryable) asked++;
        else if (error.code !== "chain-unavailable") throw error;
      }
    }
  };
  const chaos = async (): Promise<void> => {
    for (let kill = 0; kill < kills; kill++) {
      await realClock.sleep(30 + (random.bytes(1)[0] as number));
      await killChain(chain);
      chain = await home.startDeployed({ snapshotEveryMs: 100, port });
    }
  };
  await Promise.all([work(), chaos()]);
  // A restart of the ledger too, with nothing but its store.
  await ledger.stop();
  ledger = await startLedger(t, chain, { store });
  assert.equal((await ledger.channel(key))?.depositUnits, 1n + BigInt(topUps), `seed ${seed}`);
});

test("another chain at the address is refused, and so is the right one without the contracts", async (t) => {
  const [ours, foreign] = [await makeHome(t, 1), await makeHome(t, 2)];
  const [chain, other] = [await ours.startDeployed(), await foreign.start()];
  const components = { signer: payer, store: createMemoryStore(), clock: realClock, log: silentLog };
  const { deployment, token } = chain;
  const at = (rpcUrl: string, changes = {}) =>
    createEvmLedger(components, { rpcUrls: [rpcUrl], deployment: { ...deployment, ...changes }, token });
  await assert.rejects(at(other.rpcUrl).start(), withCode("chain-mismatch", /expected chain/));
  const empty = at(other.rpcUrl, { chainId: other.chainId });
  await assert.rejects(empty.start(), withCode("chain-mismatch", /found nothing/));
  const swapped = at(chain.rpcUrl, { channels: deployment.nodes });
  await assert.rejects(swapped.start(), withCode("chain-mismatch", /another contract/));
  await assert.rejects(at(chain.rpcUrl, { token: payer.address }).start(), withCode("chain-mismatch"));
});

test("a chain that forgot more than is remembered is refused", async (t) => {
  const home = await makeHome(t);
  const chain = await home.startDeployed();
  const store = createMemoryStore();
  const row = { nonce: 9, hash: "0x00", raw: "0x00", purpose: "topUp", status: "mined" };
  const rowKey = `${chain.chainId}/${payer.address}/${"9".padStart(16, "0")}`;
  await store.commit([{ table: "evm-journal", key: rowKey, value: JSON.stringify(row) }]);
  await assert.rejects(startLedger(t, chain, { store }), withCode("chain-mismatch"));
  await store.commit([{ table: "evm-journal", key: rowKey, value: "{" }]);
  await assert.rejects(startLedger(t, chain, { store }), withCode("state-invalid"));
});

test("a chain that is away is said to be, and one that comes back is used", async (t) => {
  const home = await makeHome(t);
  const chain = await home.startDeployed(never);
  const port = Number(new URL(chain.rpcUrl).port);
  const ledger = await startLedger(t, chain);
  await killChain(chain);
  const { rpcUrl, deployment, token } = chain;
  const late = createEvmLedger(
    { signer: payer, store: createMemoryStore(), clock: realClock, log: silentLog },
    { rpcUrls: [rpcUrl], deployment, token },
  );
  await assert.rejects(late.start(), (error) => error instanceof LichenError && error.retryable);
  await assert.rejects(ledger.open(key.payee, salt, 1n), withCode("chain-unavailable"));
  await home.startDeployed({ ...never, port });
  await ledger.open(key.payee, salt, 1n);
  assert.equal((await ledger.channel(key))?.depositUnits, 1n);
});

test("without money for gas the remedy is named", async (t) => {
  const chain = await (await makeHome(t)).startDeployed();
  const { rpcUrl, deployment, token } = chain;
  const poor = createEvmLedger(
    { signer: signerOf(9), store: createMemoryStore(), clock: realClock, log: silentLog },
    { rpcUrls: [rpcUrl], deployment, token },
  );
  t.after(() => poor.stop());
  await poor.start();
  await assert.rejects(
    poor.register("/ip4/127.0.0.1/tcp/1"),
    (error) =>
      error instanceof LichenError && error.code === "transaction-failed" && /gas/.test(error.remedy ?? ""),
  );
});

test("asking for the time makes a block where the last is old", async (t) => {
  const chain = await (await makeHome(t)).startDeployed();
  const ledger = await startLedger(t, chain, { heartbeatMs: 1_000 });
  const first = await ledger.timeS();
  await realClock.sleep(2_500);
  const second = await ledger.timeS();
  assert.ok(second > first, `${first} then ${second}`);
});

test("stopping ends what waits", async (t) => {
  const home = await makeHome(t);
  const chain = await home.startDeployed(never);
  const rpc = createRpc({ clock: realClock }, { urls: [chain.rpcUrl], timeoutMs: 5_000 });
  const ledger = await startLedger(t, chain);
  await ledger.open(key.payee, salt, 1n);
  await rpc.call("evm_setAutomine", [false]);
  const waiting = assert.rejects(ledger.topUp(key, 1n), withCode("chain-unavailable"));
  await realClock.sleep(200);
  await ledger.stop();
  await waiting;
  await rpc.call("evm_setAutomine", [true]);
});

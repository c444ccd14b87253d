import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, truncate, writeFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { LichenError } from "@lichen/kernel";
import { createSeededRandom } from "@lichen/ports/memory";
import { deployLocal } from "./deploy-local.ts";
import { processRecord } from "./internal/processes.ts";
import { createRpc } from "./internal/rpc.ts";
import { killChain, makeHome, realClock, signerOf, startLedger, withCode } from "./internal/testing.ts";
import type { LocalChain } from "./start-local-chain.ts";

const salt = `0x${"11".repeat(32)}` as const;
const payee = signerOf(3).address;
const rpcOf = ({ rpcUrl }: LocalChain) =>
  createRpc({ clock: realClock }, { urls: [rpcUrl], timeoutMs: 5_000 });
const newestBlock = async (chain: LocalChain) => rpcOf(chain).call("eth_getBlockByNumber", ["latest", false]);
const snapshots = async (dir: string) =>
  (await readdir(dir)).filter((name) => /^snapshot-\d/.test(name)).sort((a, b) => a.localeCompare(b));

test("a chain goes on where it was stopped, its past included", async (t) => {
  const home = await makeHome(t);
  const first = await home.startDeployed();
  const ledger = await startLedger(t, first);
  const { transaction } = await ledger.open(payee, salt, 7n);
  const before = await newestBlock(first);
  await ledger.stop();
  await first.stop();

  const second = await home.startDeployed();
  assert.deepEqual(second.deployment, first.deployment);
  assert.deepEqual(await newestBlock(second), before);
  const receipt = (await rpcOf(second).call("eth_getTransactionReceipt", [transaction])) as {
    status: string;
  };
  assert.equal(receipt.status, "0x1");
});

test("a home's identity is random and its key is for its owner only", async (t) => {
  const [a, b] = [await makeHome(t, 1), await makeHome(t, 2)];
  const [first, second] = [await a.start(), await b.start()];
  assert.notEqual(first.chainId, second.chainId);
  assert.notEqual(first.deployer.address, second.deployer.address);
  assert.equal((await stat(join(a.dir, "identity.json"))).mode & 0o777, 0o600);
  assert.deepEqual(await rpcOf(first).call("eth_accounts"), [], "anvil holds no well-known accounts");
});

test("an identity that cannot be understood is not replaced", async (t) => {
  const home = await makeHome(t);
  await (await home.start()).stop();
  const path = join(home.dir, "identity.json");
  await writeFile(path, (await readFile(path, "utf8")).slice(0, 40));
  await assert.rejects(home.start(), withCode("state-invalid", /identity\.json/));
});

test("a snapshot is taken by itself when something changed, and two are kept", async (t) => {
  const home = await makeHome(t);
  const chain = await home.startDeployed({ snapshotEveryMs: 50 });
  const seen = new Set<string>();
  for (let block = 0; block < 3; block++) {
    const [newest] = (await snapshots(home.dir)).slice(-1);
    await rpcOf(chain).call("evm_mine");
    for (let waitedMs = 0; (await snapshots(home.dir)).at(-1) === newest; waitedMs += 20) {
      assert.ok(waitedMs < 20_000, "no snapshot came");
      await realClock.sleep(20);
    }
    for (const name of await snapshots(home.dir)) seen.add(name);
  }
  assert.ok(seen.size > 3 && (await snapshots(home.dir)).length <= 3, [...seen].join());
  await chain.stop();
  assert.equal((await snapshots(home.dir)).length, 2);
});

test("a torn snapshot is said, and the one before serves", async (t) => {
  const home = await makeHome(t);
  const first = await home.startDeployed();
  await rpcOf(first).call("evm_mine");
  await first.snapshot();
  const before = (await newestBlock(first)) as { number: string };
  await rpcOf(first).call("evm_mine");
  await first.stop();
  const names = await snapshots(home.dir);
  const newest = join(home.dir, names.at(-1) as string);
  await truncate(newest, Math.floor((await stat(newest)).size / 2));

  const second = await home.startDeployed();
  assert.deepEqual(await newestBlock(second), before);
  assert.ok(home.events.includes("snapshot.unreadable"));
  await second.stop();

  for (const name of await snapshots(home.dir)) await writeFile(join(home.dir, name), "torn");
  await assert.rejects(home.start(), withCode("state-invalid"));
  await assert.rejects(home.start(), withCode("state-invalid"), "nor is a new chain made the next time");
});

test("snapshots that are gone are missed", async (t) => {
  const home = await makeHome(t);
  await (await home.startDeployed()).stop();
  for (const name of await snapshots(home.dir)) await rm(join(home.dir, name));
  await assert.rejects(home.start(), withCode("state-invalid"));
});

test("a used port is named", async (t) => {
  const home = await makeHome(t);
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await assert.rejects(
    home.start({ port }),
    (error) =>
      error instanceof LichenError && error.code === "port-in-use" && error.message.includes(String(port)),
  );
  const chain = await home.start();
  assert.ok(chain.pid > 0, "the failed start let go of the home");
});

test("a deployment cut off anywhere is finished by the next", async (t) => {
  const seed = 20260;
  const random = createSeededRandom(seed);
  for (let round = 0; round < 3; round++) {
    const home = await makeHome(t, round);
    const chain = await home.start();
    const afterMs = (random.bytes(1)[0] as number) / 2;
    const cut = deployLocal({ chain, clock: realClock }).then(
      () => "done",
      () => "cut",
    );
    await realClock.sleep(afterMs);
    await killChain(chain);
    await cut;
    const next = await home.startDeployed();
    const ledger = await startLedger(t, next);
    await ledger.open(payee, salt, 1n);
    await ledger.stop();
    await next.stop();
  }
});

test("an anvil that outlived its owner gives its state and ends", async (t) => {
  const home = await makeHome(t);
  // An owner in a process of its own, killed after it mined without a snapshot.
  const script = `
    import { startLocalChain, deployLocal } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "index.ts")).href)};
    import { realClock as clock } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "internal/testing.ts")).href)};
    import { createSeededRandom } from "@lichen/ports/memory";
    const chain = await startLocalChain(
      { clock, random: createSeededRandom(5), log: () => {} },
      { dir: ${JSON.stringify(home.dir)}, port: 0, snapshotEveryMs: 3_600_000 },
    );
    await deployLocal({ chain, clock });
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "evm_mine", params: [] });
    for (let i = 0; i < 5; i++) {
      await fetch(chain.rpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body });
    }
    console.log(chain.pid);
  `;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => owner.kill("SIGKILL"));
  const [line] = (await once(owner.stdout, "data", { signal: AbortSignal.timeout(60_000) })) as [Buffer];
  const orphan = Number(line.toString());

  await assert.rejects(
    home.start(),
    withCode("state-invalid", new RegExp(`process ${owner.pid}`)),
    "the owner lives",
  );
  owner.kill("SIGKILL");
  await once(owner, "exit");
  assert.ok((await processRecord(orphan)) !== undefined, "anvil outlives its owner");

  const chain = await home.startDeployed();
  assert.equal(await processRecord(orphan), undefined);
  assert.ok(home.events.includes("chain.orphan-ended"));
  assert.equal(Number(((await newestBlock(chain)) as { number: string }).number), 3 + 5);
});

test("a chain that dies is told, and stops without another word", async (t) => {
  const home = await makeHome(t);
  const chain = await home.start();
  process.kill(chain.pid, "SIGKILL");
  const error = await chain.failed;
  assert.equal(error.code, "chain-unavailable");
  assert.equal(error.retryable, true);
  await chain.stop();
});

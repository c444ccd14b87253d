import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEvmLedger } from "@lichen/adapter-evm";
import { openSqliteStore } from "@lichen/adapter-sqlite";
import { systemClock as clock } from "@lichen/adapter-system";
import { openHome, playground, runningNetwork, startNetwork, type Home, type RunInfo } from "@lichen/host";
import type { Deployment, Ledger, Store } from "@lichen/ports";
import { createMemorySigner, createMemoryStore } from "@lichen/ports/memory";

/** A network of processes for one test, in a home of its own. */
export type TestNetwork = {
  home: Home;
  url: string;
  apiKey: string;
  providers: number;
  /** Pids by process name at this moment; those that are down are absent. */
  pids(): Map<string, number>;
  /** A ledger that only reads. */
  reader(): Promise<Ledger>;
  stop(): Promise<void>;
};

const modelFile = join(import.meta.dirname, "../models/lichen-shakespeare-300k-f16.gguf");

/** Starts chain, gateway and providers as processes; `events` collects what became of them. */
export async function startTestNetwork(providers: number, events: string[]): Promise<TestNetwork> {
  const dir = await mkdtemp(join(tmpdir(), "lichen-e2e-"));
  const home = openHome(dir);
  const apiKey = "sk-kill";
  const page = playground();
  const listen = { host: "127.0.0.1", port: 0, tries: 1 };
  const network = startNetwork(
    { home, version: "test", apiKey, providers, modelFile, listen, page },
    (event) => events.push(JSON.stringify(event)),
  );
  const info = await network.ready;
  return {
    home,
    url: info.url as string,
    apiKey,
    providers,
    pids() {
      const processes = runningNetwork(home)?.processes ?? [];
      const pids = new Map(
        processes.filter(({ state }) => state === "ready").map(({ name, pid }) => [name, pid]),
      );
      const anvil = anvilOf(pids.get("chain"));
      return anvil === undefined ? pids : pids.set("anvil", anvil);
    },
    async reader() {
      const deployment: Deployment = JSON.parse(await readFile(join(home.chain, "deployment.json"), "utf8"));
      const signer = createMemorySigner(new Uint8Array(32).fill(9));
      const { rpcUrl, token } = info.chain as NonNullable<RunInfo["chain"]>;
      const ledger = createEvmLedger(
        { signer, store: createMemoryStore(), clock, log: () => {} },
        { rpcUrls: [rpcUrl], deployment, token },
      );
      await ledger.start();
      return ledger;
    },
    async stop() {
      await network.stop();
    },
  };
}

/** The native process below the chain's own, which a kill of its parent leaves running. */
function anvilOf(chain: number | undefined): number | undefined {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((pid) => {
      try {
        const [, name, , parent] =
          /^\d+ \((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
        return name === "anvil" && Number(parent) === chain;
      } catch {
        return false; // ended meanwhile
      }
    });
}

/** Reads a stopped service's table. */
export async function rowsOf(home: Home, service: string, table: string): Promise<Map<string, any>> {
  const store: Store = await openSqliteStore(join(home.service(service), "state.db"));
  try {
    const rows = new Map<string, any>();
    for (let after: string | undefined; ;) {
      const page = await store.list(table, { limit: 1000, ...(after === undefined ? {} : { after }) });
      for (const { key, value } of page) rows.set(key, JSON.parse(value));
      if (page.length < 1000) return rows;
      after = page.at(-1)?.key;
    }
  } finally {
    await store.close();
  }
}

export async function removeHome({ home }: TestNetwork): Promise<void> {
  await rm(home.dir, { recursive: true, force: true });
}

import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex, LichenError } from "@lichen/kernel";
import { bounds } from "./bounds.ts";
import type { Home } from "./home/home.ts";
import { ownIdentity } from "./home/process-identity.ts";
import { removeRunFile, writeRunFile, type RunInfo } from "./home/run-file.ts";
import type { Page } from "./listen/page.ts";
import type { ListenAt } from "./listen/port.ts";
import type {
  BaseConfig,
  ChainInfo,
  ChainMethods,
  GatewayMethods,
  ProviderMethods,
} from "./processes/contract.ts";
import { startMoney } from "./processes/funding.ts";
import { keepAlive, type KeepAliveEvent, type KeptAlive } from "./supervise/keep-alive.ts";
import type { Methods } from "./supervise/protocol.ts";

/** What one local network consists of. */
export type NetworkOptions = {
  home: Home;
  version: string;
  apiKey: string;
  providers: number;
  modelFile: string;
  listen: ListenAt;
  page: Page;
};

/** What happens to the processes of a network, by their names. */
export type NetworkEvent = KeepAliveEvent & { name: string };

/** A network of processes on this machine. */
export type LocalNetwork = {
  /** Resolves when chain, gateway and a provider are ready and no other is starting. @throws {LichenError} why not */
  ready: Promise<RunInfo>;
  /** Resolves when the network cannot go on, because its chain or its gateway was given up. */
  failed: Promise<LichenError>;
  /** Stops gateway, providers, chain in this order; aborting `hurry` kills what has not stopped. */
  stop(hurry?: AbortSignal): Promise<void>;
};

/**
 * Starts chain, gateway and providers as processes of their own and keeps them alive. All load their
 * code at once; what needs the chain waits for it. The caller holds the home's lock.
 */
export function startNetwork(options: NetworkOptions, onEvent: (event: NetworkEvent) => void): LocalNetwork {
  const { home } = options;
  const failed = Promise.withResolvers<LichenError>();
  const info: RunInfo = {
    schema: 1,
    version: options.version,
    state: "starting",
    supervisor: ownIdentity(),
    startedAtMs: Date.now(),
    apiKey: options.apiKey,
    processes: [],
    model: { file: options.modelFile },
  };
  const kept: KeptAlive<Methods, unknown>[] = [];
  let over = false;
  const publish = (): void => {
    if (over) return;
    info.processes = kept.flatMap((each) => each.describe() ?? []);
    writeRunFile(home, info);
  };
  const base = (name: string): BaseConfig => ({ name, logs: home.logs, keys: home.keys });
  const keep = <M extends Methods, Info>(
    name: string,
    role: string,
    begin: Parameters<typeof keepAlive<M, Info>>[2],
    vital: boolean,
  ): KeptAlive<M, Info> => {
    const each = keepAlive<M, Info>(name, role, begin, (event) => {
      if (event.type === "state") queueMicrotask(publish);
      if (event.type === "given-up" && vital) failed.resolve(event.error);
      onEvent({ name, ...event });
    });
    kept.push(each as unknown as KeptAlive<Methods, unknown>);
    return each;
  };

  let chainPort = 0;
  const chain = keep<ChainMethods, ChainInfo>(
    "chain",
    "chain",
    async ({ remote }) => {
      const started = await remote.start({ ...base("chain"), dir: home.chain, port: chainPort });
      // Whoever speaks to the chain keeps its address: it comes back where it was.
      chainPort = Number(new URL(started.rpcUrl).port);
      const { chainId, channels } = started.deployment;
      info.chain = { rpcUrl: started.rpcUrl, chainId, channels, token: started.token };
      return started;
    },
    true,
  );
  /** Money from a chain that may die while it is asked: its next life is asked again. */
  const fund = async (account: Hex): Promise<ChainInfo> => {
    const started = await chain.ready;
    for (;;) {
      await chain.up();
      const asked = chain.child();
      try {
        await asked?.remote.fund(startMoney(account));
        return started;
      } catch (error) {
        await sleep(chainPauseMs);
        if (asked === chain.child() && chain.describe()?.state === "ready") throw error;
      }
    }
  };

  const providers = Array.from({ length: options.providers }, (_, i) => {
    const name = `provider-${i + 1}`;
    return keep<ProviderMethods, unknown>(
      name,
      "provider",
      async ({ remote }) => {
        const prepared = await remote.prepare({
          ...base(name),
          dir: home.service(name),
          modelFile: options.modelFile,
          cache: home.cache,
          threads: threadsEach(options.providers),
        });
        await remote.start(await fund(prepared.account));
        return prepared;
      },
      false,
    );
  });

  const listen = { ...options.listen };
  const gateway = keep<GatewayMethods, unknown>(
    "gateway",
    "gateway",
    async ({ remote }) => {
      const { apiKey, version, page } = options;
      const config = {
        ...base("gateway"),
        dir: home.service("gateway"),
        apiKey,
        version,
        listen,
        page,
      };
      const prepared = await remote.prepare(config);
      // Clients know the address by now: a restart takes this port or none.
      Object.assign(listen, { port: prepared.port, tries: 1 });
      info.url = `http://localhost:${prepared.port}`;
      const started = await fund(prepared.account);
      // It looks for providers first of all: let them be registered, or known not to come.
      const running = await settled(providers);
      await remote.start({ chain: started, providers: running });
      return prepared;
    },
    true,
  );

  const ready = (async () => {
    await chain.ready;
    // One provider less is a smaller network; none is no network, for the first one's reason.
    if ((await settled(providers)) === 0) await providers[0]?.ready;
    await gateway.ready;
    info.state = "ready";
    publish();
    return info;
  })();
  ready.catch(() => undefined);
  return {
    ready,
    failed: failed.promise,
    async stop(hurry) {
      info.state = "stopping";
      publish();
      await gateway.stop(bounds.stopMs.gateway, hurry);
      await Promise.all(providers.map((provider) => provider.stop(bounds.stopMs.provider, hurry)));
      await chain.stop(bounds.stopMs.chain, hurry);
      over = true;
      removeRunFile(home);
    },
  };
}

/** Waits until each is ready or given up; how many are ready. */
async function settled(processes: readonly KeptAlive<ProviderMethods, unknown>[]): Promise<number> {
  const results = await Promise.allSettled(processes.map((each) => each.ready));
  return results.filter((each) => each.status === "fulfilled").length;
}

/** For a death to be noticed, before a refusal is believed to be one. */
const chainPauseMs = 200;

/** Engines share the cores, less one for everything else; llama.cpp is slowest with more threads than free cores. */
const threadsEach = (providers: number): number =>
  Math.max(1, Math.floor((availableParallelism() - 1) / providers));

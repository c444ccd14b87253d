import { toHex, utf8, type Hex } from "@lichen/kernel";
import { keccak } from "@lichen/wire";
import { createGateway, gatewayDefaults, type Gateway, type GatewayOptions } from "@lichen/gateway";
import { createProvider, providerDefaults, type Provider, type ProviderOptions } from "@lichen/provider";
import {
  createMemoryChain,
  createMemoryLedger,
  createMemoryNetwork,
  createMemorySigner,
  createMemoryStore,
  createScriptedEngine,
  createSeededRandom,
  MemoryHub,
  type MemoryChain,
  type ScriptedEngineOptions,
} from "@lichen/ports/memory";
import type {
  Clock,
  Engine,
  EngineModel,
  HttpRequest,
  HttpResponse,
  Ledger,
  Log,
  Store,
} from "@lichen/ports";

const clock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const leave = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", leave);
        resolve();
      }, ms);
      signal?.addEventListener("abort", leave, { once: true });
    }),
};

/** The model that every provider here serves. */
export const model: EngineModel = { id: toHex(keccak(utf8("echo"))), name: "echo", contextTokens: 4096 };
const apiKey = "sk-test";
const keyOf = (name: string): Uint8Array => keccak(utf8(name));

/** One provider's parts, kept so that a test can stop it and start another over the same store. */
export type ProviderNode = {
  name: string;
  account: Hex;
  store: Store;
  ledger: Ledger;
  engine: Engine;
  provider: Provider;
};

/** A whole network on memory adapters in one process. */
export type World = {
  chain: MemoryChain;
  hub: MemoryHub;
  clock: Clock;
  gateway: Gateway;
  gatewayAccount: Hex;
  gatewayStore: Store;
  gatewayLedger: Ledger;
  providers: ProviderNode[];
  events: { level: string; event: string; fields: Record<string, unknown> }[];
  startProvider(name: string, store?: Store): Promise<ProviderNode>;
  restartGateway(): Promise<void>;
  stop(): Promise<void>;
};

export type WorldOptions = {
  providers?: number;
  engine?: Partial<ScriptedEngineOptions>;
  gateway?: Partial<GatewayOptions>;
  provider?: Partial<ProviderOptions>;
  /** What stands between a node and its port, to make faults. */
  wrapEngine?: (engine: Engine) => Engine;
  wrapGatewayStore?: (store: Store) => Store;
  wrapGatewayLedger?: (ledger: Ledger) => Ledger;
};

/** Echoes the last message, a token a word. */
const echo: ScriptedEngineOptions["answer"] = ({ messages }) =>
  (messages.at(-1)?.content ?? "").split(/(?<= )/);

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const chain = createMemoryChain({ clock });
  const hub = new MemoryHub();
  const events: World["events"] = [];
  const logOf =
    (who: string): Log =>
    (level, event, fields = {}) =>
      void events.push({ level, event: `${who} ${event}`, fields: { ...fields } });
  const chainId = chain.deployment.chainId;

  async function startProvider(name: string, store: Store = createMemoryStore()): Promise<ProviderNode> {
    const signer = createMemorySigner(keyOf(name));
    chain.faucet(signer.address, { tokenUnits: 1_000_000_000n, nativeWei: 10n ** 18n });
    const ledger = createMemoryLedger(chain, { account: signer.address });
    await ledger.start();
    const network = createMemoryNetwork(hub, { id: `peer-${name}`, signer, chainId, role: "provider" });
    const scripted = createScriptedEngine({ clock }, { model, slots: 4, answer: echo, ...options.engine });
    const engine = options.wrapEngine?.(scripted) ?? scripted;
    const settings = { ...providerDefaults, claimEveryMs: 50, offerEveryMs: 5_000, ...options.provider };
    const provider = createProvider(
      { network, ledger, store, signer, clock, engine, log: logOf(name) },
      settings,
    );
    await provider.start();
    return { name, account: signer.address, store, ledger, engine, provider };
  }

  const signer = createMemorySigner(keyOf("gateway"));
  chain.faucet(signer.address, { tokenUnits: 1_000_000_000n, nativeWei: 10n ** 18n });
  const memory = createMemoryStore();
  const gatewayStore = options.wrapGatewayStore?.(memory) ?? memory;
  const memoryLedger = createMemoryLedger(chain, { account: signer.address });
  const ledger = options.wrapGatewayLedger?.(memoryLedger) ?? memoryLedger;
  await ledger.start();
  let starts = 0;
  async function startGateway(): Promise<Gateway> {
    const network = createMemoryNetwork(hub, { id: "peer-gateway", signer, chainId, role: "gateway" });
    const random = createSeededRandom(++starts);
    const settings = {
      ...gatewayDefaults,
      apiKey,
      discoverEveryMs: 100,
      watchEveryMs: 50,
      ...options.gateway,
    };
    const gateway = createGateway(
      { network, ledger, store: gatewayStore, signer, clock, random, log: logOf("gateway") },
      settings,
    );
    await gateway.start();
    return gateway;
  }

  const providers: ProviderNode[] = [];
  for (let i = 1; i <= (options.providers ?? 1); i++) providers.push(await startProvider(`provider-${i}`));
  const world: World = {
    chain,
    hub,
    clock,
    gateway: await startGateway(),
    gatewayAccount: signer.address,
    gatewayStore,
    gatewayLedger: ledger,
    providers,
    events,
    startProvider,
    async restartGateway() {
      await world.gateway.stop();
      world.gateway = await startGateway();
    },
    async stop() {
      await world.gateway.stop();
      await Promise.all(providers.map(({ provider }) => provider.stop()));
    },
  };
  await until(
    () => world.gateway.status().then((status) => status.providers.length >= providers.length),
    "providers are found",
  );
  return world;
}

/** Waits for a condition, at most ten seconds. */
export async function until(condition: () => Promise<boolean> | boolean, what: string): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    if (await condition()) return;
    await clock.sleep(20);
  }
  throw new Error(`waited in vain until ${what}`);
}

/** What a client got. */
export type Reply = { status: number; headers: Record<string, string>; text: string; json: () => any };

/** Calls a route of the gateway without a socket. */
export async function call(
  gateway: Gateway,
  method: "GET" | "POST",
  path: string,
  body?: unknown,
  init: { key?: string; signal?: AbortSignal; onChunk?: (text: string) => Promise<void> | void } = {},
): Promise<Reply> {
  const { params, handle } = match(gateway, method, path);
  const request: HttpRequest = {
    method,
    path,
    params,
    headers: { authorization: `Bearer ${init.key ?? apiKey}` },
    body: utf8(typeof body === "string" ? body : JSON.stringify(body ?? null)),
    signal: init.signal ?? new AbortController().signal,
  };
  const reply: Reply = { status: 0, headers: {}, text: "", json: () => JSON.parse(reply.text) };
  await handle(request, {
    send(status, headers, text) {
      Object.assign(reply, { status, headers, text: String(text) });
    },
    stream(status, headers) {
      Object.assign(reply, { status, headers });
      return {
        async write(chunk) {
          if (request.signal.aborted) throw request.signal.reason;
          reply.text += chunk;
          await init.onChunk?.(chunk);
        },
        end() {},
      };
    },
  });
  return reply;
}

function match(gateway: Gateway, method: string, path: string) {
  for (const route of gateway.routes) {
    const names: string[] = [];
    const pattern = route.path.replace(/:(\w+)/g, (_all, name: string) => (names.push(name), "([^/]+)"));
    const found = new RegExp(`^${pattern}$`).exec(path);
    if (found === null || route.method !== method) continue;
    return {
      handle: async (request: HttpRequest, response: HttpResponse) => route.handle(request, response),
      params: Object.fromEntries(names.map((name, i) => [name, found[i + 1] as string])),
    };
  }
  throw new Error(`no route ${method} ${path}`);
}

/** A chat request with one message. */
export const ask = (content: string, more: object = {}): object => ({
  model: "echo",
  messages: [{ role: "user", content }],
  ...more,
});

export { createManualClock, type ManualClock } from "./clock.ts";
export { createScriptedEngine, type ScriptedEngineOptions } from "./engine.ts";
export { createMemoryChain, type MemoryChain } from "./ledger-chain.ts";
export { createMemoryLedger } from "./ledger.ts";
export { createMemoryNetwork, MemoryHub, type MemoryNetworkOptions } from "./network.ts";
export { createSeededRandom } from "./random.ts";
export { createMemorySigner } from "./signer.ts";
export { createMemoryStore } from "./store.ts";

export { clockCompliance, type ClockSubject } from "./clock.ts";
export { ledgerCompliance, type LedgerWorld } from "./ledger.ts";
export { networkCompliance, signerOfKey, type NetworkSubject } from "./network.ts";
export { signerCompliance, type SignerSubject } from "./signer.ts";
export { storeCompliance, type StoreSubject } from "./store.ts";
export { engineCompliance, type EngineSubject } from "./engine.ts";

export { createEvmLedger, type EvmLedgerOptions } from "./create-evm-ledger.ts";
export { deployLocal, type LocalDeployment } from "./deploy-local.ts";
export { startLocalChain, type LocalChain } from "./start-local-chain.ts";

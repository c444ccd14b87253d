import type { Hex } from "@lichen/kernel";
import type { EngineModel } from "@lichen/ports";
import type { Context } from "./context.ts";

/** How a provider stands, for its owner. */
export type ProviderStatus = {
  account: Hex;
  peerId: string;
  model: EngineModel;
  requestsRunning: number;
  channels: {
    id: Hex;
    payer: Hex;
    depositUnits: bigint;
    promisedUnits: bigint;
    consumedUnits: bigint;
    claimedUnits: bigint;
    unpaidLeaves: number;
    windowNumber: number;
    creditRequests: number;
  }[];
};

/** The provider's channels and work at this moment. */
export function providerStatus({ signer, network, engine, running, book }: Context): ProviderStatus {
  return {
    account: signer.address,
    peerId: network.id,
    model: engine.model,
    requestsRunning: running.size,
    channels: [...book.channels.values()].map(({ id, key, account, claimedUnits }) => ({
      id,
      payer: key.payer,
      depositUnits: account.depositUnits,
      promisedUnits: account.promisedUnits,
      consumedUnits: account.consumedUnits,
      claimedUnits,
      unpaidLeaves: account.unpaidLeaves,
      windowNumber: account.windowNumber,
      creditRequests: account.creditRequests,
    })),
  };
}

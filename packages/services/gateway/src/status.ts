import type { Hex } from "@lichen/kernel";
import type { Token } from "@lichen/ports";
import type { Context } from "./context.ts";

/** How a gateway stands, for its operator. */
export type GatewayStatus = {
  account: Hex;
  token: Token;
  tokenUnits: bigint;
  nativeWei: bigint;
  waiting: number;
  providers: { account: Hex; model: string; inFlight: number; available: boolean }[];
  channels: {
    id: Hex;
    provider: Hex;
    ready: boolean;
    retired: boolean;
    depositUnits: bigint;
    promisedUnits: bigint;
    consumedUnits: bigint;
    claimedUnits: bigint;
    unpaidLeaves: number;
    windowNumber: number;
    creditRequests: number;
  }[];
};

/** The gateway's market, channels and purse at this moment. */
export async function gatewayStatus({ ledger, market, clock, book, queue }: Context): Promise<GatewayStatus> {
  const nowMs = clock.nowMs();
  const { tokenUnits, nativeWei } = await ledger.balance();
  return {
    account: ledger.account,
    token: ledger.token,
    tokenUnits,
    nativeWei,
    waiting: queue.length,
    providers: market.models(nowMs).flatMap(({ model, suppliers }) =>
      suppliers.map(({ offer, inFlight, breaker }) => ({
        account: offer.provider,
        model: model.name,
        inFlight,
        available: nowMs >= breaker.openUntilMs,
      })),
    ),
    channels: [...book.channels.values()].map(({ id, key, account, claimedUnits, retired, peerId }) => ({
      id,
      provider: key.payee,
      ready: peerId !== undefined,
      retired,
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

import { LichenError } from "@lichen/kernel";
import type { Context } from "./context.ts";

/**
 * Puts this node into the registry with an address that others can dial, and its stake. Does nothing
 * that is already so.
 * @throws {LichenError} `transaction-failed`, for instance where the account is short of tokens
 */
export async function register({ ledger, network, options, log }: Context): Promise<void> {
  const endpoint = network.addresses()[0];
  if (endpoint === undefined) throw new LichenError("peer-unreachable", "this node listens on no address");
  const record = await ledger.node(ledger.account);
  if (record?.endpoint !== endpoint) {
    await ledger.register(endpoint);
    log("info", "node.registered", { endpoint });
  }
  const missing = options.stakeUnits - (record?.stakeUnits ?? 0n);
  if (missing <= 0n) return;
  await ledger.stake(missing);
  log("info", "node.staked", { units: `${missing}` });
}

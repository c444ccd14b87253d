import { fromHex, LichenError } from "@lichen/kernel";
import type { Clock } from "@lichen/ports";
import type { Rpc } from "./rpc.ts";

const maxAttempts = 200;
const settlePauseMs = 10;

/**
 * The whole state of an anvil, gzip-packed JSON, taken between two blocks. While anvil mines, a dump
 * can hold a transaction's effects but neither its block nor its events (13 of 25 dumps under load
 * did); so mining is paused, blocks already in the making are waited for, and a dump counts only if
 * no block came meanwhile. Transactions that arrive in the pause are mined after it.
 * @param keepPaused leaves mining off, for a chain that ends with this dump
 * @throws {LichenError} `chain-unavailable`
 */
export async function dumpState(
  { rpc, clock }: { rpc: Rpc; clock: Clock },
  keepPaused = false,
): Promise<Uint8Array> {
  await rpc.call("evm_setAutomine", [false]);
  let resume = true;
  try {
    let before = await rpc.call("eth_blockNumber");
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      await clock.sleep(settlePauseMs);
      const settled = await rpc.call("eth_blockNumber");
      if (settled === before) {
        const state = (await rpc.call("anvil_dumpState")) as string;
        before = await rpc.call("eth_blockNumber");
        if (before === settled) {
          resume = !keepPaused;
          return fromHex(state);
        }
      } else before = settled;
    }
    throw new LichenError("chain-unavailable", "the local chain never pauses", { retryable: true });
  } finally {
    if (resume) await rpc.call("evm_setAutomine", [true]);
  }
}

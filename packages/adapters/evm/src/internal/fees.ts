import type { Rpc } from "./rpc.ts";

/** Blocks whose tips are looked at, and which of their tips counts: the median. */
const historyBlocks = 5;
const percentile = 50;

/** What gas costs, in wei a unit. */
export type GasPrice = { baseWei: bigint; tipWei: bigint };

/** The next block's base fee, and the tip that recent blocks took (EIP-1559). */
export async function gasPrice(rpc: Rpc, signal?: AbortSignal): Promise<GasPrice> {
  const params = [`0x${historyBlocks.toString(16)}`, "latest", [percentile]];
  const history = (await rpc.call("eth_feeHistory", params, signal)) as {
    baseFeePerGas: string[];
    reward?: string[][] | null;
  };
  const tips = (history.reward ?? []).map(([tip]) => BigInt(tip ?? 0)).sort((a, b) => (a < b ? -1 : 1));
  return {
    baseWei: BigInt(history.baseFeePerGas.at(-1) ?? 0),
    tipWei: tips[Math.floor(tips.length / 2)] ?? 0n,
  };
}

/** Fee fields with which a transaction still passes after six full blocks in a row, when the base fee has doubled. */
export function feeFields({ baseWei, tipWei }: GasPrice): {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
} {
  return { maxFeePerGas: 2n * baseWei + tipWei, maxPriorityFeePerGas: tipWei };
}

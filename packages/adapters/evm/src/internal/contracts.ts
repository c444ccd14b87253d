import type { Hex } from "@lichen/kernel";
import { channelsAbi, channelsDeployedBytecode, channelsImmutables } from "../generated/channels.ts";
import { nodesAbi, nodesDeployedBytecode, nodesImmutables } from "../generated/nodes.ts";
import { tokenAbi } from "../generated/token.ts";

export { channelsAbi, nodesAbi, tokenAbi };

/**
 * Whether the code at an address is what this version of a contract deploys. Immutables, set by the
 * constructor, may differ.
 */
export function isCodeOf(contract: "channels" | "nodes", code: string): boolean {
  const [expected, immutables] =
    contract === "channels"
      ? [channelsDeployedBytecode, channelsImmutables]
      : [nodesDeployedBytecode, nodesImmutables];
  return mask(code, immutables) === expected;
}

function mask(code: string, ranges: readonly { start: number; length: number }[]): string {
  let masked = code;
  for (const { start, length } of ranges) {
    const from = 2 + 2 * start;
    masked = masked.slice(0, from) + "0".repeat(2 * length) + masked.slice(from + 2 * length);
  }
  return masked;
}

/** Addresses as Lichen compares them. */
export const lower = (address: string): Hex => address.toLowerCase() as Hex;

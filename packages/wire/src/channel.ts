import { concat, fromHex, toHex, type Hex } from "@lichen/kernel";
import { keccak } from "./hash.ts";

/** Names a one-way payment channel; the chain stores only what changes. */
export type ChannelKey = { payer: Hex; payee: Hex; salt: Hex };

const pad = (address: Hex): Uint8Array => concat(new Uint8Array(12), fromHex(address, 20));

/** `keccak256(abi.encode(payer, payee, salt))`, as `Channels.sol` computes it. */
export function channelId(key: ChannelKey): Hex {
  return toHex(keccak(concat(pad(key.payer), pad(key.payee), fromHex(key.salt, 32))));
}

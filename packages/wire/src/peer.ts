import { z } from "zod";
import { fromHex, type Hex } from "@lichen/kernel";
import { jsonDigest } from "./hash.ts";
import { addressSchema, asciiSchema, signatureSchema } from "./scalars.ts";
import { assertSigned } from "./signature.ts";

/** What a node is, as it says itself; nobody relies on it for more than whom to ask what. */
export const roles = ["gateway", "provider"] as const;
export type Role = (typeof roles)[number];

/** A node's ledger account vouches for its peer identity, on one chain. */
export type PeerBinding = { chainId: number; peerId: string; account: Hex; role: Role; signature: Hex };

/** Schema of a binding from a stranger. */
export const peerBindingSchema: z.ZodType<PeerBinding> = z.strictObject({
  chainId: z.int().positive(),
  peerId: asciiSchema(128),
  account: addressSchema,
  role: z.enum(roles),
  signature: signatureSchema,
});

/** The digest that the ledger account signs. */
export function peerBindingDigest(binding: Omit<PeerBinding, "signature">): Uint8Array {
  const { chainId, peerId, account, role } = binding;
  return fromHex(jsonDigest("lichen/peer/1", { chainId, peerId, account, role }));
}

/**
 * Checks that the account really vouches for this peer on this chain.
 * @throws {LichenError} `bad-signature`
 */
export function verifyPeerBinding(binding: PeerBinding): void {
  assertSigned(
    peerBindingDigest(binding),
    binding.signature,
    binding.account,
    `the identity of peer ${binding.peerId}`,
  );
}

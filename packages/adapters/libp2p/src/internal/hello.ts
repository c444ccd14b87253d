import type { Peer, Signer } from "@lichen/ports";
import { fromUtf8, LichenError } from "@lichen/kernel";
import {
  assertVersion,
  encodeMessage,
  peerBindingDigest,
  peerBindingSchema,
  verifyPeerBinding,
  type PeerBinding,
  type Role,
} from "@lichen/wire";

/** What this node says first on every stream; signed once. */
export async function makeHello(
  signer: Signer,
  chainId: number,
  peerId: string,
  role: Role,
): Promise<Uint8Array> {
  const unsigned = { chainId, peerId, account: signer.address, role };
  const binding: PeerBinding = { ...unsigned, signature: await signer.sign(peerBindingDigest(unsigned)) };
  return encodeMessage({ binding });
}

/**
 * Who the other side is: its hello, checked against the peer id that the transport authenticated,
 * so that a hello overheard elsewhere is worth nothing.
 * @throws {LichenError} `version-unsupported`, `bad-message`, `chain-mismatch`, `bad-signature`
 */
export function readHello(payload: Uint8Array, chainId: number, authenticatedId: string): Peer {
  let hello: { v?: unknown; binding?: unknown } | null;
  try {
    hello = JSON.parse(fromUtf8(payload)) as typeof hello;
  } catch (cause) {
    throw new LichenError("bad-message", "hello: not JSON", { cause });
  }
  assertVersion(hello?.v, "hello");
  const parsed = peerBindingSchema.safeParse(hello?.binding);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new LichenError(
      "bad-message",
      `hello: ${issue?.path.join(".") || "binding"}: ${issue?.message ?? "invalid"}`,
    );
  }
  const binding = parsed.data;
  if (binding.chainId !== chainId) {
    throw new LichenError(
      "chain-mismatch",
      `one peer is on chain ${binding.chainId}, the other on ${chainId}`,
    );
  }
  if (binding.peerId !== authenticatedId) {
    throw new LichenError(
      "bad-signature",
      `the binding names peer ${binding.peerId}, not ${authenticatedId}`,
    );
  }
  verifyPeerBinding(binding);
  return { id: binding.peerId, account: binding.account, role: binding.role };
}

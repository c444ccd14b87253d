import { keccak_256 } from "@noble/hashes/sha3.js";
import { canonicalJson, concat, toHex, utf8, type Hex, type Json } from "@lichen/kernel";

/** Keccak-256, the hash that the chain computes too. */
export function keccak(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes);
}

/**
 * Digest of bytes under a label, so that no digest of one kind can pass for another:
 * `keccak256(utf8(label) || 0x00 || parts)`.
 */
export function taggedDigest(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return keccak(concat(utf8(label), Uint8Array.of(0), ...parts));
}

/** Tagged digest of a JSON value in canonical form (RFC 8785). */
export function jsonDigest(label: string, value: Json): Hex {
  return toHex(taggedDigest(label, utf8(canonicalJson(value))));
}

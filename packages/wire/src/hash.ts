import { createKeccak } from "hash-wasm";
import { canonicalJson, concat, toHex, utf8, type Hex, type Json } from "@lichen/kernel";

// WebAssembly, made once: ten times quicker than the same in JavaScript, and every request is hashed
// several times at both ends. Its calls are synchronous, so one hasher serves everybody.
const hasher = await createKeccak(256);

/** Keccak-256, the hash that the chain computes too. */
export function keccak(bytes: Uint8Array): Uint8Array {
  return hasher.init().update(bytes).digest("binary");
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

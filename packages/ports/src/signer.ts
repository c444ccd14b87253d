import type { Hex } from "@lichen/kernel";

/** Holds a ledger account's key; the key itself never leaves it. */
export interface Signer {
  readonly address: Hex;
  /** Signs a 32-byte digest: r, s (low half), v; 65 bytes. */
  sign(digest: Uint8Array): Promise<Hex>;
}

import { LichenError, type Hex } from "@lichen/kernel";
import { addressOfPrivateKey, signDigest } from "@lichen/wire";
import type { Signer } from "../signer.ts";

/**
 * A signer whose key lives in memory.
 * @param privateKey 32 bytes; copied
 * @throws {LichenError} `bad-argument` where they are no key of secp256k1; `sign` on a digest of another size
 * @example createMemorySigner(createSeededRandom(1).bytes(32)).address
 */
export function createMemorySigner(privateKey: Uint8Array): Signer {
  const key = Uint8Array.from(privateKey);
  const address = addressOfKey(key);
  return {
    address,
    sign: async (digest) => signDigest(digest, key),
  };
}

function addressOfKey(key: Uint8Array): Hex {
  try {
    return addressOfPrivateKey(key);
  } catch {
    // The cause may quote the key.
    throw new LichenError("bad-argument", "not a private key of secp256k1");
  }
}

import { resolve } from "node:path";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { LichenError } from "@lichen/kernel";
import type { Signer } from "@lichen/ports";
import { createMemorySigner } from "@lichen/ports/memory";
import { loadOrCreate } from "./secret.ts";
import { systemRandom } from "./random.ts";

/** A signer whose key stays in a file. */
export type KeyFile = Signer & {
  /** Absolute path of the file. */
  readonly path: string;
};

/** A random 32 bytes are no key with a chance of 2^-128; so many in a row mean a broken source. */
const mostDraws = 8;

/**
 * Opens the file of a ledger account's key, or makes it on first use: 32 bytes as one line of
 * hexadecimal, as `cast wallet import` and most wallets take it; readable by the owner only.
 *
 * @throws {LichenError} `state-invalid` where others can read the file, it holds no key of secp256k1
 *   or cannot be read or made
 * @example
 * const signer = await openKeyFile("/var/lib/lichen/gateway.key");
 * signer.address; // 0x...
 */
export async function openKeyFile(path: string): Promise<KeyFile> {
  const file = resolve(path);
  const key = await loadOrCreate(file, 32, drawKey);
  if (!secp256k1.utils.isValidSecretKey(key)) {
    throw new LichenError("state-invalid", `${file} holds no key of secp256k1`, {
      remedy: "restore it from a backup, or move it away to have a new one made",
    });
  }
  const signer = createMemorySigner(key);
  key.fill(0);
  return { ...signer, path: file };
}

function drawKey(): Uint8Array {
  for (let draw = 0; draw < mostDraws; draw++) {
    const key = systemRandom.bytes(32);
    if (secp256k1.utils.isValidSecretKey(key)) return key;
  }
  throw new LichenError("internal", "the system's source of randomness is broken");
}

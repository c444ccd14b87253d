import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concat, fromHex, LichenError, toHex, type Hex } from "@lichen/kernel";
import { keccak } from "./hash.ts";

/** The chain's address of an uncompressed public key: the last 20 bytes of its Keccak-256. */
export function addressOf(publicKey: Uint8Array): Hex {
  return toHex(keccak(publicKey.subarray(1)).subarray(12));
}

/**
 * Signs a 32-byte digest: r, s (low half), v (27 or 28), 65 bytes, deterministic (RFC 6979).
 * For adapters that hold a key; everybody else takes a `Signer`.
 */
export function signDigest(digest: Uint8Array, privateKey: Uint8Array): Hex {
  assertDigest(digest);
  const bytes = secp256k1.sign(digest, privateKey, { prehash: false, lowS: true, format: "recovered" });
  return toHex(concat(bytes.subarray(1), Uint8Array.of(27 + (bytes[0] as number))));
}

// The curve would take other sizes, and cut or stretch them.
function assertDigest(digest: Uint8Array): void {
  if (digest.length !== 32)
    throw new LichenError("bad-argument", `a digest has 32 bytes, not ${digest.length}`);
}

/** Address of a private key. */
export function addressOfPrivateKey(privateKey: Uint8Array): Hex {
  return addressOf(secp256k1.getPublicKey(privateKey, false));
}

/**
 * Who signed a digest.
 * @throws {LichenError} `bad-signature` where it is malformed, has a high s (malleable) or fits no key
 */
export function recoverSigner(digest: Uint8Array, signature: Hex): Hex {
  assertDigest(digest);
  try {
    const bytes = fromHex(signature, 65);
    const v = bytes[64] as number;
    if (v !== 27 && v !== 28) throw new LichenError("bad-signature", `v is ${v}, not 27 or 28`);
    const parsed = secp256k1.Signature.fromBytes(
      concat(Uint8Array.of(v - 27), bytes.subarray(0, 64)),
      "recovered",
    );
    if (parsed.hasHighS()) throw new LichenError("bad-signature", "s lies in the upper half");
    return addressOf(parsed.recoverPublicKey(digest).toBytes(false));
  } catch (cause) {
    if (cause instanceof LichenError && cause.code === "bad-signature") throw cause;
    throw new LichenError("bad-signature", "malformed signature", { cause });
  }
}

/**
 * @throws {LichenError} `bad-signature` where somebody else, or nobody, signed
 */
export function assertSigned(digest: Uint8Array, signature: Hex, by: Hex, what: string): void {
  const signer = recoverSigner(digest, signature);
  if (signer !== by) {
    throw new LichenError("bad-signature", `${what} is not signed by ${by}`, {
      details: `signed by ${signer}`,
    });
  }
}

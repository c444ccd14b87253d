import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import type { PrivateKey } from "@libp2p/interface";
import { LichenError } from "@lichen/kernel";

/**
 * A new Ed25519 peer key in libp2p's own format (protobuf), as other libp2p tools read it. To be kept
 * in a file that only its owner can read.
 */
export async function generatePeerKey(): Promise<Uint8Array> {
  return privateKeyToProtobuf(await generateKeyPair("Ed25519"));
}

/**
 * The peer id of a key.
 * @throws {LichenError} `bad-argument` where the bytes are no key
 */
export function peerIdOfKey(privateKey: Uint8Array): string {
  return peerIdFromPrivateKey(parsePeerKey(privateKey)).toString();
}

/** @throws {LichenError} `bad-argument` */
export function parsePeerKey(privateKey: Uint8Array): PrivateKey {
  try {
    return privateKeyFromProtobuf(privateKey);
  } catch (cause) {
    throw new LichenError("bad-argument", "not a libp2p private key", {
      cause,
      remedy: "delete the peer key's file to get a new identity",
    });
  }
}

import { canonicalJson, concat, fromHex, LichenError, toHex, utf8, type Hex, type Json } from "@lichen/kernel";
import { keccak, taggedDigest } from "./hash.ts";

/** Why an answer ended. */
export const finishReasons = ["stop", "length", "cancelled", "failed"] as const;
export type FinishReason = (typeof finishReasons)[number];

/**
 * What both sides keep of one answered request: salted digests and the scalars that are paid for.
 * Nothing in it tells a stranger what was asked or said. 92 bytes; never signed alone, only as part
 * of a window.
 */
export type Leaf = {
  /** `requestDigest(...)`: what was asked, of which model, with which sampler. */
  requestDigest: Hex;
  /** `outputDigest(...)`: what was answered. */
  outputDigest: Hex;
  promptTokens: number;
  completionTokens: number;
  costUnits: bigint;
  /** When the provider began, by its clock, ms since 1970. */
  startedAtMs: number;
  durationMs: number;
  finishReason: FinishReason;
};

const version = 1;
/** Size of an encoded leaf. Not 64: so that no leaf passes for an inner node of the tree. */
export const leafBytes = 92;

/** A leaf's canonical bytes, big endian, in the order of its members. */
export function encodeLeaf(leaf: Leaf): Uint8Array {
  const out = new Uint8Array(leafBytes);
  const view = new DataView(out.buffer);
  out[0] = version;
  out.set(fromHex(leaf.requestDigest, 32), 1);
  out.set(fromHex(leaf.outputDigest, 32), 33);
  view.setUint32(65, leaf.promptTokens);
  view.setUint32(69, leaf.completionTokens);
  view.setBigUint64(73, leaf.costUnits);
  view.setUint16(81, Math.floor(leaf.startedAtMs / 0x1_0000_0000));
  view.setUint32(83, leaf.startedAtMs % 0x1_0000_0000);
  view.setUint32(87, leaf.durationMs);
  out[91] = finishReasons.indexOf(leaf.finishReason);
  return out;
}

/**
 * The leaf behind its bytes.
 * @throws {LichenError} `bad-message` on another size or an unknown finish reason, `version-unsupported`
 */
export function decodeLeaf(bytes: Uint8Array): Leaf {
  if (bytes.length !== leafBytes) throw new LichenError("bad-message", `a leaf has ${leafBytes} bytes, not ${bytes.length}`);
  if (bytes[0] !== version) throw new LichenError("version-unsupported", `leaf of version ${bytes[0]}, we read ${version}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const finishReason = finishReasons[bytes[91] as number];
  if (finishReason === undefined) throw new LichenError("bad-message", `unknown finish reason ${bytes[91]}`);
  return {
    requestDigest: toHex(bytes.subarray(1, 33)),
    outputDigest: toHex(bytes.subarray(33, 65)),
    promptTokens: view.getUint32(65),
    completionTokens: view.getUint32(69),
    costUnits: view.getBigUint64(73),
    startedAtMs: view.getUint16(81) * 0x1_0000_0000 + view.getUint32(83),
    durationMs: view.getUint32(87),
    finishReason,
  };
}

/** The leaf's hash, as it enters the window's tree. */
export function leafHash(encoded: Uint8Array): Uint8Array {
  return keccak(encoded);
}

/** Digest of what was asked: the request as canonical JSON under the payer's 32-byte salt. */
export function requestDigest(salt: Uint8Array, request: Json): Hex {
  return toHex(taggedDigest("lichen/request/1", salt, utf8(canonicalJson(request))));
}

/** Digest of what was answered: token ids (none where the engine shows none) and text, salted. */
export function outputDigest(salt: Uint8Array, tokens: readonly number[], text: string): Hex {
  const packed = new Uint8Array(4 + 4 * tokens.length);
  const view = new DataView(packed.buffer);
  view.setUint32(0, tokens.length);
  for (let i = 0; i < tokens.length; i++) view.setUint32(4 + 4 * i, tokens[i] as number);
  return toHex(taggedDigest("lichen/output/1", salt, concat(packed, utf8(text))));
}

import {
  canonicalJson,
  concat,
  fromHex,
  LichenError,
  limits,
  toHex,
  utf8,
  type Hex,
  type Json,
} from "@lichen/kernel";
import { keccak, taggedDigest } from "./hash.ts";

/** Why an answer ended. */
export const finishReasons = ["stop", "length", "cancelled", "failed"] as const;
export type FinishReason = (typeof finishReasons)[number];

/**
 * What both sides keep of one answered request: salted digests and the scalars that are paid for.
 * Nothing in it tells a stranger what was asked or said. 96 bytes; never signed alone, only as part
 * of a window.
 */
export type Leaf = {
  /** `requestDigest(...)`: which model was asked, and what, with which sampler. */
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
export const leafBytes = 96;

/**
 * A leaf's canonical bytes, big endian, in the order of its members: version (1 byte), digests (32
 * each), token counts (4 each), cost (12), start (6), duration (4), finish reason (1).
 * @throws {LichenError} `bad-argument` where a number does not fit its place
 */
export function encodeLeaf(leaf: Leaf): Uint8Array {
  const out = new Uint8Array(leafBytes);
  const view = new DataView(out.buffer);
  out[0] = version;
  out.set(fromHex(leaf.requestDigest, 32), 1);
  out.set(fromHex(leaf.outputDigest, 32), 33);
  view.setUint32(65, bounded(leaf.promptTokens, uint32, "promptTokens"));
  view.setUint32(69, bounded(leaf.completionTokens, uint32, "completionTokens"));
  view.setUint32(73, Number(boundedUnits(leaf.costUnits) >> 64n));
  view.setBigUint64(77, BigInt.asUintN(64, leaf.costUnits));
  view.setUint16(85, Math.floor(bounded(leaf.startedAtMs, uint48, "startedAtMs") / 2 ** 32));
  view.setUint32(87, leaf.startedAtMs % 2 ** 32);
  view.setUint32(91, bounded(leaf.durationMs, uint32, "durationMs"));
  out[95] = bounded(finishReasons.indexOf(leaf.finishReason), finishReasons.length - 1, "finishReason");
  return out;
}

const uint32 = 2 ** 32 - 1;
const uint48 = 2 ** 48 - 1;

// DataView wraps silently; money and counts must not.
function bounded(value: number, most: number, name: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new LichenError("bad-argument", `leaf: ${name} is ${value}, expected an integer from 0 to ${most}`);
}

function boundedUnits(units: bigint): bigint {
  if (units >= 0n && units <= limits.voucherUnits) return units;
  throw new LichenError("bad-argument", `leaf: costUnits is ${units}, expected 0 to ${limits.voucherUnits}`);
}

/**
 * The leaf behind its bytes.
 * @throws {LichenError} `bad-message` on another size or an unknown finish reason, `version-unsupported`
 */
export function decodeLeaf(bytes: Uint8Array): Leaf {
  if (bytes.length !== leafBytes)
    throw new LichenError("bad-message", `a leaf has ${leafBytes} bytes, not ${bytes.length}`);
  if (bytes[0] !== version)
    throw new LichenError("version-unsupported", `leaf of version ${bytes[0]}, we read ${version}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const finishReason = finishReasons[bytes[95] as number];
  if (finishReason === undefined) throw new LichenError("bad-message", `unknown finish reason ${bytes[95]}`);
  return {
    requestDigest: toHex(bytes.subarray(1, 33)),
    outputDigest: toHex(bytes.subarray(33, 65)),
    promptTokens: view.getUint32(65),
    completionTokens: view.getUint32(69),
    costUnits: (BigInt(view.getUint32(73)) << 64n) | view.getBigUint64(77),
    startedAtMs: view.getUint16(85) * 2 ** 32 + view.getUint32(87),
    durationMs: view.getUint32(91),
    finishReason,
  };
}

/** The leaf's hash, as it enters the window's tree. */
export function leafHash(encoded: Uint8Array): Uint8Array {
  return keccak(encoded);
}

// A salt of another size could borrow bytes from what follows it.
function salted(salt: Uint8Array): Uint8Array {
  if (salt.length !== 32) throw new LichenError("bad-argument", `a salt has 32 bytes, not ${salt.length}`);
  return salt;
}

/** Digest of what was asked, whichever the model: canonical JSON under the payer's 32-byte salt. */
export function promptDigest(salt: Uint8Array, prompt: Json): Hex {
  return toHex(taggedDigest("lichen/prompt/1", salted(salt), utf8(canonicalJson(prompt))));
}

/**
 * Digest of a request: salt, model and `promptDigest`, so that a receipt can show which model was
 * asked without showing what.
 */
export function requestDigest(salt: Uint8Array, model: Hex, prompt: Hex): Hex {
  return toHex(taggedDigest("lichen/request/1", salted(salt), fromHex(model, 32), fromHex(prompt, 32)));
}

/**
 * Digest of what was answered: token ids (none where the engine shows none) and text, salted.
 * @throws {LichenError} `bad-argument` where a token does not fit 32 bits or the text is not well-formed
 */
export function outputDigest(salt: Uint8Array, tokens: readonly number[], text: string): Hex {
  if (!text.isWellFormed()) throw new LichenError("bad-argument", "text holds half a surrogate pair");
  const packed = new Uint8Array(4 + 4 * tokens.length);
  const view = new DataView(packed.buffer);
  view.setUint32(0, tokens.length);
  for (let i = 0; i < tokens.length; i++)
    view.setUint32(4 + 4 * i, bounded(tokens[i] as number, uint32, "token"));
  return toHex(taggedDigest("lichen/output/1", salted(salt), concat(packed, utf8(text))));
}

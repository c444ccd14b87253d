import { LichenError } from "./error.ts";

/** A hexadecimal string with prefix `0x`, lower case. */
export type Hex = `0x${string}`;

const encoder = new TextEncoder();
// A byte order mark is text like any other: dropping it would give two byte strings one meaning.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a string. Half a surrogate pair becomes U+FFFD: refuse it (`isWellFormed`) where bytes are hashed. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * The string behind UTF-8 bytes.
 * @throws {LichenError} `bad-argument` where the bytes are no UTF-8
 */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new LichenError("bad-argument", "bytes are not UTF-8", { cause });
  }
}

/** One array out of several. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const digits: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

/** Bytes as hexadecimal: `toHex(Uint8Array.of(1, 255)) === "0x01ff"`. */
export function toHex(bytes: Uint8Array): Hex {
  let out = "0x";
  for (const byte of bytes) out += digits[byte];
  return out as Hex;
}

/**
 * Bytes behind hexadecimal.
 * @param sizeBytes where given, the exact length expected
 * @throws {LichenError} `bad-argument` on odd length, foreign characters or another size
 */
export function fromHex(hex: string, sizeBytes?: number): Uint8Array {
  if (!hex.startsWith("0x") || hex.length % 2 !== 0) {
    throw new LichenError("bad-argument", "not a hexadecimal string");
  }
  const out = new Uint8Array((hex.length - 2) / 2);
  if (sizeBytes !== undefined && out.length !== sizeBytes) {
    throw new LichenError("bad-argument", `expected ${sizeBytes} bytes, got ${out.length}`);
  }
  for (let i = 0; i < out.length; i++) {
    const high = nibbles[hex.charCodeAt(2 + 2 * i)] ?? -1;
    const low = nibbles[hex.charCodeAt(3 + 2 * i)] ?? -1;
    if (high < 0 || low < 0) throw new LichenError("bad-argument", "not a hexadecimal string");
    out[i] = high * 16 + low;
  }
  return out;
}

/** Value of a hexadecimal digit by its character code; -1 for every other character. */
const nibbles: Int8Array = new Int8Array(128).fill(-1);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  nibbles[digit.charCodeAt(0)] = value;
  nibbles[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Order of two byte strings, for sorting. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

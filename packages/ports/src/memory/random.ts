import { LichenError, limits } from "@lichen/kernel";
import type { Random } from "../random.ts";

/**
 * Bytes that a seed decides: the same seed gives the same bytes however they are asked for.
 * For simulations; whoever knows some of the bytes can find the rest. Generator: sfc32 (Doty-Humphrey,
 * PractRand).
 * @param seed an unsigned 32-bit integer
 * @throws {LichenError} `bad-argument` on another seed
 * @example createSeededRandom(7).bytes(32)
 */
export function createSeededRandom(seed: number): Random {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    throw new LichenError("bad-argument", `random: the seed is ${seed}, expected an unsigned 32-bit integer`);
  }
  const state = Uint32Array.of(seed, 0x9e37_79b9, 0x243f_6a88, 1);
  // The seed reaches every bit of the state only after some rounds.
  for (let round = 0; round < 16; round++) next(state);
  let word = 0;
  let left = 0;
  return {
    bytes(sizeBytes) {
      checkSize(sizeBytes);
      const out = new Uint8Array(sizeBytes);
      for (let i = 0; i < sizeBytes; i++) {
        if (left === 0) [word, left] = [next(state), 4];
        out[i] = word & 0xff;
        word >>>= 8;
        left--;
      }
      return out;
    },
  };
}

function next(state: Uint32Array): number {
  const [a, b, c, counter] = state as unknown as [number, number, number, number];
  const out = (a + b + counter) >>> 0;
  state[3] = counter + 1;
  state[0] = b ^ (b >>> 9);
  state[1] = c + (c << 3);
  state[2] = ((c << 21) | (c >>> 11)) + out;
  return out;
}

function checkSize(sizeBytes: number): void {
  if (Number.isInteger(sizeBytes) && sizeBytes >= 0 && sizeBytes <= limits.randomBytes) return;
  throw new LichenError("bad-argument", `random: ${sizeBytes} bytes, expected 0 to ${limits.randomBytes}`);
}

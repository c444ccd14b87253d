import { randomFillSync } from "node:crypto";
import { LichenError, limits } from "@lichen/kernel";
import type { Random } from "@lichen/ports";

/** Bytes drawn at once for small requests: a call to the operating system costs more than the bytes. */
const POOL_BYTES = 4096;
/** Larger requests are drawn for themselves. */
const MAX_POOLED_BYTES = 64;

const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;

/** The next bytes of the pool, each given out once and then forgotten. */
function pooled(sizeBytes: number): Uint8Array {
  if (used + sizeBytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.slice(used, used + sizeBytes);
  pool.fill(0, used, used + sizeBytes);
  used += sizeBytes;
  return bytes;
}

/**
 * Unpredictable bytes from the operating system.
 * @throws {LichenError} `bad-argument` on a size that is negative, broken or above `limits.randomBytes`
 */
export const systemRandom: Random = {
  bytes(sizeBytes) {
    if (!Number.isInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > limits.randomBytes) {
      throw new LichenError(
        "bad-argument",
        `random: ${sizeBytes} bytes, expected 0 to ${limits.randomBytes}`,
      );
    }
    return sizeBytes <= MAX_POOLED_BYTES ? pooled(sizeBytes) : randomFillSync(new Uint8Array(sizeBytes));
  },
};

import { randomBytes } from "node:crypto";
import { LichenError, limits } from "@lichen/kernel";
import type { Random } from "@lichen/ports";

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
    // Not a view of Node's shared pool, whose neighbours a careless reader of `.buffer` would see.
    return Uint8Array.from(randomBytes(sizeBytes));
  },
};

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { LichenError } from "@lichen/kernel";
import { seededUniform, type TrainBatch } from "@lichen/model";

/** A text as bytes: the first 90 % to learn from, the rest to be measured by. */
export type Corpus = { train: Uint8Array; heldOut: Uint8Array; sizeBytes: number; sha256: string };

/** Share of the corpus, from its start, that is learned from. */
const TRAIN_SHARE = 0.9;

/** The largest corpus that is read into memory. */
const MAX_CORPUS_BYTES = 1 << 30;

/** Reads a corpus, of which even the held-out part must fill a window of `length` tokens. */
export async function loadCorpus(path: string, length: number): Promise<Corpus> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new LichenError("bad-argument", "the corpus cannot be read", { details: path, cause });
  });
  const cut = Math.floor(bytes.length * TRAIN_SHARE);
  if (bytes.length - cut <= length || bytes.length > MAX_CORPUS_BYTES)
    throw new LichenError("bad-argument", "the corpus is too short or too long", {
      details: `${bytes.length} bytes; between ${10 * (length + 1)} and ${MAX_CORPUS_BYTES} can be used`,
    });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { train: bytes.subarray(0, cut), heldOut: bytes.subarray(cut), sizeBytes: bytes.length, sha256 };
}

/** The windows of one step: they depend on seed and step alone, so that a resumed run sees what it would have seen. */
export function batchAt(
  text: Uint8Array,
  seed: number,
  step: number,
  batch: number,
  length: number,
): TrainBatch {
  const uniform = seededUniform((Math.imul(seed, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b)) >>> 0);
  const tokens = new Int32Array(batch * length);
  const targets = new Int32Array(batch * length);
  for (let row = 0; row < batch; row++) {
    const start = Math.floor(uniform() * (text.length - length));
    for (let i = 0; i < length; i++) {
      tokens[row * length + i] = text[start + i]!;
      targets[row * length + i] = text[start + i + 1]!;
    }
  }
  return { tokens, targets, batch, length };
}

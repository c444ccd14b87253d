import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { LichenError } from "@lichen/kernel";
import { memorySource, type ByteSource } from "./byte-source.ts";
import type { GgmlType } from "./ggml-types.ts";
import type { GgufMetadata, GgufValue } from "./gguf.ts";
import { modelDigest, type Hasher } from "./model-digest.ts";
import { writeGguf, type GgufTensor } from "./write-gguf.ts";

type Case = {
  name: string;
  metadata: Record<string, GgufValue>;
  tensors: Record<string, { type: GgmlType; shape: number[]; data: string }>;
  modelId: string;
  tensorsRoot: string;
  configuration: string;
};

const { cases } = JSON.parse(
  readFileSync(new URL("./vectors/model-digest.json", import.meta.url), "utf8"),
) as { cases: Case[] };
const sha256 = (): Hasher => createHash("sha256");

function parts(entry: Case): { metadata: GgufMetadata; tensors: Map<string, GgufTensor> } {
  const tensors = Object.entries(entry.tensors).map(
    ([name, { type, shape, data }]) =>
      [name, { type, shape, data: new Uint8Array(Buffer.from(data, "hex")) }] as const,
  );
  return { metadata: new Map(Object.entries(entry.metadata)), tensors: new Map(tensors) };
}

for (const entry of cases)
  test(`model digest: ${entry.name}`, async () => {
    const digest = await modelDigest(memorySource(writeGguf(parts(entry))), sha256);
    const { modelId, tensorsRoot, configuration } = entry;
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    assert.deepEqual(
      {
        modelId: hex(digest.modelId),
        tensorsRoot: hex(digest.tensorsRoot),
        configuration: hex(digest.configuration),
      },
      { modelId, tensorsRoot, configuration },
    );
  });

test("the order in the file and its alignment do not matter", async () => {
  const { metadata, tensors } = parts(cases[0]!);
  const plain = await modelDigest(memorySource(writeGguf({ metadata, tensors })), sha256);
  const shuffled = writeGguf({
    metadata: new Map([["general.alignment", { type: "uint32", value: 256 }], ...[...metadata].toReversed()]),
    tensors: new Map([...tensors].toReversed()),
  });
  assert.deepEqual(await modelDigest(memorySource(shuffled), sha256), plain);
});

test("a large tensor is read in bounded chunks", async () => {
  const data = new Uint8Array(40 << 20).fill(7);
  const file = writeGguf({
    metadata: new Map(),
    tensors: new Map([["w", { type: "I8", shape: [data.length], data }]]),
  });
  let longest = 0;
  const source: ByteSource = {
    sizeBytes: file.length,
    read: (offset, length) => {
      longest = Math.max(longest, length);
      return Promise.resolve(file.subarray(offset, offset + length));
    },
  };
  const seen: number[] = [];
  await modelDigest(source, sha256, { onProgress: (done) => seen.push(done) });
  assert.ok(longest <= 4 << 20, `read ${longest} bytes at once`);
  assert.equal(seen.at(-1), data.length);
});

test("hashing stops at the signal", async () => {
  const file = writeGguf(parts(cases[0]!));
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(modelDigest(memorySource(file), sha256, { signal }), /enough/);
});

test("a part of a split model has no id", async () => {
  const { metadata, tensors } = parts(cases[0]!);
  metadata.set("split.count", { type: "uint16", value: 2 });
  const source = memorySource(writeGguf({ metadata, tensors }));
  await assert.rejects(
    modelDigest(source, sha256),
    (error) => error instanceof LichenError && error.code === "model-invalid",
  );
});

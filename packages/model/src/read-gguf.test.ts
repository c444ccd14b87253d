import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LichenError } from "@lichen/kernel";
import { memorySource } from "./byte-source.ts";
import { ggmlTypes, tensorSizeBytes, type GgmlType } from "./ggml-types.ts";
import { ggufLimits, ggufNumber, ggufText, type GgufMetadata, type GgufValue } from "./gguf.ts";
import { encodeString, encodeValue, uint32, uint64, concat } from "./internal/gguf-value.ts";
import { resultOrInvalid, watchedSource } from "./internal/hostile.ts";
import { readGguf } from "./read-gguf.ts";
import { writeGguf, type GgufTensor } from "./write-gguf.ts";

const text = fc.string({ unit: "binary", maxLength: 20 }).map((value) => value.toWellFormed());
const numbers = {
  uint8: fc.nat(255),
  int8: fc.integer({ min: -128, max: 127 }),
  uint16: fc.nat(65_535),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  uint32: fc.nat(2 ** 31 - 1).map((value) => value * 2),
  int32: fc.integer(),
  float32: fc.float(),
  float64: fc.double(),
};
const bigs = {
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
};
const scalars = Object.entries({ ...numbers, ...bigs, bool: fc.boolean(), string: text });
const value = fc.oneof(
  ...scalars.map(([type, arbitrary]) =>
    (arbitrary as fc.Arbitrary<unknown>).map((item) => ({ type, value: item })),
  ),
  ...scalars.map(([items, arbitrary]) =>
    fc
      .array(arbitrary as fc.Arbitrary<unknown>, { maxLength: 6 })
      .map((list) => ({ type: "array", items, value: list })),
  ),
) as fc.Arbitrary<GgufValue>;
const metadata: fc.Arbitrary<GgufMetadata> = fc
  .array(fc.tuple(text, value), { maxLength: 8 })
  .map((entries) => new Map(entries.filter(([key]) => key !== "general.alignment")));
const tensor: fc.Arbitrary<GgufTensor> = fc
  .tuple(
    fc.constantFrom(...(Object.keys(ggmlTypes) as GgmlType[])),
    fc.array(fc.nat(3), { maxLength: 3 }),
    fc.nat(2),
  )
  .map(([type, outer, blocks]) => {
    const shape = [...outer, blocks * ggmlTypes[type].block];
    const data = Uint8Array.from({ length: tensorSizeBytes(type, shape) }, (_, i) => i);
    return { type, shape, data };
  });
const tensors = fc.array(fc.tuple(text, tensor), { maxLength: 5 }).map((entries) => new Map(entries));

test("what was written is read", async () => {
  await fc.assert(
    fc.asyncProperty(
      metadata,
      tensors,
      fc.constantFrom(1, 8, 32, 4096),
      async (entries, arrays, alignment) => {
        entries.set("general.alignment", { type: "uint32", value: alignment });
        const bytes = writeGguf({ metadata: entries, tensors: arrays });
        const file = await readGguf(memorySource(bytes));
        assert.deepEqual([...file.metadata], [...entries]);
        assert.deepEqual([...file.tensors.keys()], [...arrays.keys()]);
        for (const [name, { type, shape, offset, sizeBytes }] of file.tensors) {
          assert.equal(offset % alignment, 0);
          assert.deepEqual({ type, shape, data: bytes.slice(offset, offset + sizeBytes) }, arrays.get(name));
        }
        const again = new Map([...file.tensors].map(([name]) => [name, arrays.get(name)!]));
        assert.deepEqual(writeGguf({ metadata: file.metadata, tensors: again }), bytes);
      },
    ),
  );
});

const sample = writeGguf({
  metadata: new Map<string, GgufValue>([
    ["general.architecture", { type: "string", value: "llama" }],
    ["numbers", { type: "array", items: "uint16", value: [1, 2, 3] }],
    ["words", { type: "array", items: "string", value: ["a", "é", ""] }],
    ["flag", { type: "bool", value: true }],
    ["big", { type: "uint64", value: 2n ** 63n }],
  ]),
  tensors: new Map([
    ["a", { type: "F32", shape: [2, 3], data: new Uint8Array(24) }],
    ["b", { type: "Q4_0", shape: [1, 64], data: new Uint8Array(36) }],
  ]),
});

test("getters give numbers and texts, and nothing for other types", async () => {
  const file = await readGguf(memorySource(sample));
  assert.equal(ggufText(file.metadata, "general.architecture"), "llama");
  assert.equal(ggufText(file.metadata, "flag"), undefined);
  assert.equal(ggufNumber(file.metadata, "words"), undefined);
  assert.equal(ggufNumber(file.metadata, "absent"), undefined);
  assert.equal(ggufNumber(file.metadata, "big"), undefined, "not exact as a number");
});

test("a cut file is invalid, wherever it was cut", async () => {
  const file = await readGguf(memorySource(sample));
  const last = [...file.tensors.values()].at(-1)!;
  for (let length = 0; length < last.offset + last.sizeBytes; length++)
    assert.equal(await resultOrInvalid(readGguf(watchedSource(sample.subarray(0, length)))), "model-invalid");
});

test("a mutated file is read or invalid, and little is read of it", async () => {
  const edit = fc.tuple(
    fc.nat(sample.length - 1),
    fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 12 }), async (edits) => {
      const bytes = sample.slice();
      for (const [at, byte] of edits) bytes[at] = byte;
      const source = watchedSource(bytes);
      await resultOrInvalid(readGguf(source));
      assert.ok(source.readBytes() <= 2 * bytes.length, `${source.readBytes()} bytes read`);
    }),
    { numRuns: 2000 },
  );
});

test("random bytes behind the magic are invalid", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (tail) => {
      const bytes = concat([new TextEncoder().encode("GGUF"), uint32(3), tail]);
      await resultOrInvalid(readGguf(watchedSource(bytes)));
    }),
    { numRuns: 1000 },
  );
});

const head = (tensorCount: bigint, entryCount: bigint): Uint8Array => {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("GGUF"));
  view.setUint32(4, 3, true);
  view.setBigUint64(8, tensorCount, true);
  view.setBigUint64(16, entryCount, true);
  return bytes;
};
const entry = (key: string, entryValue: Uint8Array): Uint8Array => concat([encodeString(key), entryValue]);
const huge = new Uint8Array(8).fill(255);
const info = (name: string, dimensions: Uint8Array[], type: number, offset: Uint8Array): Uint8Array =>
  concat([encodeString(name), uint32(dimensions.length), ...dimensions, uint32(type), offset]);
const pad = new Uint8Array(64);
const yes = encodeValue({ type: "bool", value: true });

const hostile: Record<string, Uint8Array[]> = {
  "another magic": [new TextEncoder().encode("GGML"), pad],
  "big-endian version": [new TextEncoder().encode("GGUF"), Uint8Array.of(0, 0, 0, 3), pad],
  "version 1": [new TextEncoder().encode("GGUF"), uint32(1), pad],
  "2^64 - 1 tensors": [head(2n ** 64n - 1n, 0n), pad],
  "2^64 - 1 entries": [head(0n, 2n ** 64n - 1n), pad],
  "as many tensors as the bound": [head(BigInt(ggufLimits.tensors), 0n), pad],
  "a key of 2^64 - 1 bytes": [head(0n, 1n), huge, pad],
  "a string of 2^40 bytes": [head(0n, 1n), entry("k", concat([uint32(8), uint64(2 ** 40)])), pad],
  "an array of 2^64 - 1 items": [head(0n, 1n), entry("k", concat([uint32(9), uint32(0), huge])), pad],
  "an array longer than the file": [
    head(0n, 1n),
    entry("k", concat([uint32(9), uint32(12), uint64(9)])),
    pad,
  ],
  "an array of arrays": [head(0n, 1n), entry("k", concat([uint32(9), uint32(9), uint64(1)])), pad],
  "an unknown metadata type": [head(0n, 1n), entry("k", uint32(13)), pad],
  "a truth value of 2": [head(0n, 1n), entry("k", concat([uint32(7), Uint8Array.of(2)])), pad],
  "text that is not UTF-8": [
    head(0n, 1n),
    entry("k", concat([uint32(8), uint64(1), Uint8Array.of(0xff)])),
    pad,
  ],
  "a key twice": [head(0n, 2n), entry("k", yes), entry("k", yes), pad],
  "an alignment of 0": [head(0n, 1n), entry("general.alignment", encodeValue({ type: "uint32", value: 0 }))],
  "an alignment of 48": [
    head(0n, 1n),
    entry("general.alignment", encodeValue({ type: "uint32", value: 48 })),
  ],
  "an alignment that is text": [
    head(0n, 1n),
    entry("general.alignment", encodeValue({ type: "string", value: "" })),
  ],
  "a tensor twice": [
    head(2n, 0n),
    info("t", [uint64(0)], 0, uint64(0)),
    info("t", [uint64(0)], 0, uint64(0)),
    pad,
  ],
  "a tensor of unknown type": [head(1n, 0n), info("t", [uint64(1)], 4, uint64(0)), pad],
  "a tensor without dimensions": [head(1n, 0n), info("t", [], 0, uint64(0)), pad],
  "a tensor of five dimensions": [
    head(1n, 0n),
    info(
      "t",
      Array.from({ length: 5 }, () => uint64(1)),
      0,
      uint64(0),
    ),
    pad,
  ],
  "2^32 dimensions": [head(1n, 0n), encodeString("t"), uint32(0xffffffff), pad],
  "a dimension of 2^64 - 1": [head(1n, 0n), info("t", [huge], 0, uint64(0)), pad],
  "more elements than can be counted": [
    head(1n, 0n),
    info("t", [uint64(2 ** 40), uint64(2 ** 40)], 0, uint64(0)),
    pad,
  ],
  "half a block": [head(1n, 0n), info("t", [uint64(16)], 2, uint64(0)), pad],
  "a tensor beyond the end": [head(1n, 0n), info("t", [uint64(1000)], 0, uint64(0)), pad],
  "an offset beyond the end": [head(1n, 0n), info("t", [uint64(1)], 0, uint64(2 ** 40)), pad],
  "overlapping tensors": [
    head(2n, 0n),
    info("t", [uint64(1)], 0, uint64(0)),
    info("u", [uint64(1)], 0, uint64(0)),
    pad,
  ],
  "a name of 64 bytes": [head(1n, 0n), info("t".repeat(64), [uint64(1)], 0, uint64(0)), pad],
};

for (const [name, parts] of Object.entries(hostile))
  test(`refused: ${name}`, async () => {
    assert.equal(await resultOrInvalid(readGguf(watchedSource(concat(parts)))), "model-invalid");
  });

test("the items of all arrays together are bounded", async () => {
  const half = ggufLimits.arrayItems / 2 + 1;
  const array = concat([uint32(9), uint32(0), uint64(half), new Uint8Array(half)]);
  const bytes = concat([head(0n, 2n), entry("a", array), entry("b", array)]);
  assert.equal(await resultOrInvalid(readGguf(watchedSource(bytes))), "model-invalid");
});

test("a source that gets shorter while it is read is invalid", async () => {
  const source = { sizeBytes: sample.length, read: () => Promise.resolve(new Uint8Array(3)) };
  assert.equal(await resultOrInvalid(readGguf(source)), "model-invalid");
});

test("a tensor whose data does not fit its shape is not written", () => {
  const wrong = { type: "F32", shape: [2], data: new Uint8Array(7) } as const;
  for (const [name, data] of [
    ["t", { ...wrong, shape: [2] }],
    ["t".repeat(64), { ...wrong, shape: [2], data: new Uint8Array(8) }],
    ["t", { ...wrong, shape: [], data: new Uint8Array(4) }],
  ] as const)
    assert.throws(
      () =>
        writeGguf({ metadata: new Map(), tensors: new Map([[name, { ...data, shape: [...data.shape] }]]) }),
      (error) => error instanceof LichenError && error.code === "bad-argument",
    );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LichenError } from "@lichen/kernel";
import { memorySource } from "./byte-source.ts";
import { resultOrInvalid, watchedSource } from "./internal/hostile.ts";
import { readSafetensors } from "./read-safetensors.ts";
import { safetensorsSizes, type SafetensorsType } from "./safetensors.ts";
import { writeSafetensors, type SafetensorsTensor } from "./write-safetensors.ts";

const name = fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).map((text) => text.toWellFormed());
const tensor: fc.Arbitrary<SafetensorsTensor> = fc
  .tuple(
    fc.constantFrom(...(Object.keys(safetensorsSizes) as SafetensorsType[])),
    fc.array(fc.nat(4), { maxLength: 3 }),
  )
  .map(([type, shape]) => {
    const sizeBytes = shape.reduce((a, b) => a * b, safetensorsSizes[type]);
    return { type, shape, data: Uint8Array.from({ length: sizeBytes }, (_, i) => i) };
  });
const plain = (key: string): boolean => key !== "__metadata__" && key !== "__proto__";

test("what was written is read", async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, tensor), fc.dictionary(name, name), async (tensors, metadata) => {
      const arrays = Object.fromEntries(Object.entries(tensors).filter(([key]) => plain(key)));
      const notes = Object.fromEntries(Object.entries(metadata).filter(([key]) => plain(key)));
      const bytes = writeSafetensors(arrays, notes);
      const file = await readSafetensors(memorySource(bytes));
      assert.deepEqual(Object.fromEntries(file.metadata), notes);
      const back = [...file.tensors].map(([key, { type, shape, offset, sizeBytes }]) => {
        const data = bytes.slice(offset, offset + sizeBytes);
        return [key, { type, shape, data }] as const;
      });
      assert.deepEqual(Object.fromEntries(back), arrays);
    }),
  );
});

function file(
  header: string,
  data = new Uint8Array(0),
  headerBytes = BigInt(Buffer.byteLength(header)),
): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, headerBytes, true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

test("a file as the reference implementation writes it is read", async () => {
  const header = '{"__metadata__":{"format":"pt"},"w":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}}   ';
  const { metadata, tensors } = await readSafetensors(memorySource(file(header, new Uint8Array(4))));
  assert.equal(metadata.get("format"), "pt");
  assert.deepEqual(tensors.get("w"), { type: "F16", shape: [2, 1], offset: 8 + header.length, sizeBytes: 4 });
});

const sample = writeSafetensors(
  {
    a: { type: "F32", shape: [2, 2], data: new Uint8Array(16) },
    b: { type: "U8", shape: [], data: new Uint8Array(1) },
  },
  { step: "1" },
);

test("a cut file is invalid, wherever it was cut", async () => {
  for (let length = 0; length < sample.length; length++)
    assert.equal(
      await resultOrInvalid(readSafetensors(watchedSource(sample.subarray(0, length)))),
      "model-invalid",
    );
});

test("a mutated file is read or invalid", async () => {
  const edit = fc.tuple(fc.nat(sample.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 8 }), async (edits) => {
      const bytes = sample.slice();
      for (const [at, byte] of edits) bytes[at] = byte;
      const source = watchedSource(bytes);
      await resultOrInvalid(readSafetensors(source));
      assert.ok(source.readBytes() <= bytes.length);
    }),
    { numRuns: 2000 },
  );
});

const one = (dtype: string, shape: string, range: string): string =>
  `{"w":{"dtype":${dtype},"shape":${shape},"data_offsets":${range}}}`;
const byte = new Uint8Array(1);
const hostile: Record<string, Uint8Array> = {
  nothing: new Uint8Array(0),
  "a header of 2^64 - 1 bytes": file("{}", byte, 2n ** 64n - 1n),
  "a header longer than the file": file("{}", byte, 100n),
  "a header that is not JSON": file("{"),
  "a header that is an array": file("[]"),
  "a header that is not UTF-8": new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0xff]),
  "metadata that is not text": file('{"__metadata__":{"a":1}}'),
  "metadata that is a number": file('{"__metadata__":1}'),
  "a tensor that is null": file('{"w":null}'),
  "an unknown type": file(one('"F4"', "[1]", "[0,1]"), byte),
  "a type from the prototype": file(one('"toString"', "[1]", "[0,1]"), byte),
  "a type that is no text": file(one("[]", "[1]", "[0,1]"), byte),
  "a negative dimension": file(one('"U8"', "[-1]", "[0,1]"), byte),
  "a fraction of a dimension": file(one('"U8"', "[0.5]", "[0,1]"), byte),
  "a dimension that is text": file(one('"U8"', '["1"]', "[0,1]"), byte),
  "more elements than can be counted": file(
    one('"U8"', "[9007199254740991,9007199254740991]", "[0,1]"),
    byte,
  ),
  "a range that does not fit the shape": file(one('"U8"', "[2]", "[0,1]"), byte),
  "a range backwards": file(one('"U8"', "[1]", "[1,0]"), byte),
  "a range of three": file(one('"U8"', "[1]", "[0,1,2]"), byte),
  "a range beyond the file": file(one('"U8"', "[9]", "[0,9]"), byte),
  "a gap": file(one('"U8"', "[1]", "[1,2]"), new Uint8Array(2)),
  "a tail": file(one('"U8"', "[1]", "[0,1]"), new Uint8Array(2)),
  "an overlap": file(
    '{"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
    new Uint8Array(2),
  ),
};

for (const [what, bytes] of Object.entries(hostile))
  test(`refused: ${what}`, async () => {
    assert.equal(await resultOrInvalid(readSafetensors(watchedSource(bytes))), "model-invalid");
  });

test("a tensor whose data does not fit its shape is not written", () => {
  assert.throws(
    () => writeSafetensors({ w: { type: "F32", shape: [2], data: new Uint8Array(7) } }),
    (error) => error instanceof LichenError && error.code === "bad-argument",
  );
});

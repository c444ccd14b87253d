import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { LichenError } from "@lichen/kernel";
import { dequantize } from "./dequantize.ts";
import { quantize } from "./quantize.ts";

type Case = { name: string; values: string } & Record<string, string>;
const { cases } = JSON.parse(readFileSync(new URL("./vectors/quantize.json", import.meta.url), "utf8")) as {
  cases: Case[];
};
const floats = (hex: string): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(hex, "hex")).buffer);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

for (const entry of cases)
  test(`quantize as ggml does: ${entry.name}`, () => {
    for (const type of ["F16", "Q8_0", "Q4_0"] as const) {
      const packed = quantize(floats(entry.values), type);
      assert.equal(hex(packed), entry[type], type);
      const unpacked = entry[`${type} unpacked`];
      if (unpacked !== undefined) assert.deepEqual(dequantize(packed, type), floats(unpacked), type);
    }
  });

const finite = fc.float({ noNaN: true, noDefaultInfinity: true, min: -60_000, max: 60_000 });

test("F32 keeps every number, and every float16 survives F16", () => {
  fc.assert(
    fc.property(fc.float32Array(), (values) => {
      assert.deepEqual(dequantize(quantize(values, "F32"), "F32"), values);
    }),
  );
  const all = Uint8Array.from({ length: 131_072 }, (_, i) => (i % 2 === 0 ? (i >> 1) & 255 : i >> 9));
  const values = dequantize(all, "F16").filter((value) => !Number.isNaN(value));
  assert.deepEqual(dequantize(quantize(values, "F16"), "F16"), values);
});

test("quantised numbers are off by no more than their step", () => {
  fc.assert(
    fc.property(fc.array(finite, { minLength: 32, maxLength: 32 }), (list) => {
      const values = new Float32Array(list);
      const largest = Math.max(...values.map(Math.abs));
      for (const [type, steps] of [
        ["Q8_0", 127],
        ["Q4_0", 8],
      ] as const) {
        const back = dequantize(quantize(values, type), type);
        // Half a step, the rounding of the scale to float16 (2^-11 of the value; 2^-24 where it is subnormal), and a
        // whole step where Q4_0 has no +8.
        const slack =
          (type === "Q4_0" ? 1 : 0.5) * (largest / steps) * 1.01 + largest * 2 ** -10 + steps * 2 ** -24;
        values.forEach((value, i) =>
          assert.ok(Math.abs(value - back[i]!) <= slack, `${type}: ${value}, ${back[i]}`),
        );
      }
    }),
  );
});

test("bfloat16 is the upper half of float32", () => {
  assert.deepEqual(dequantize(Uint8Array.of(0x80, 0x3f, 0x20, 0xc1), "BF16"), new Float32Array([1, -10]));
});

test("what does not fill blocks, or has no unpacker, is refused", () => {
  const code = (expected: string) => (error: unknown) =>
    error instanceof LichenError && error.code === expected;
  assert.throws(() => quantize(new Float32Array(33), "Q4_0"), code("bad-argument"));
  assert.throws(() => dequantize(new Uint8Array(19), "Q4_0"), code("model-invalid"));
  assert.throws(() => dequantize(new Uint8Array(210), "Q6_K"), code("model-invalid"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LichenError, limits } from "@lichen/kernel";
import { frameType, headerBytes, noBytes, writeFrame, writeU32, type FrameType } from "./frame.ts";
import { FrameDecoder } from "./frame-decoder.ts";

type Seen = { type: number; id: number; payload: number[] };

const frames = fc.array(
  fc.record({
    type: fc.constantFrom(...Object.values(frameType)),
    id: fc.integer({ min: 0, max: 0xffffffff }),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ minLength: 20_000, maxLength: 40_000 }),
    ),
  }),
  { maxLength: 8 },
);

function encode(list: readonly { type: FrameType; id: number; payload: Uint8Array }[]): Uint8Array {
  const out = new Uint8Array(list.reduce((sum, frame) => sum + headerBytes + frame.payload.length, 0));
  let at = 0;
  for (const { type, id, payload } of list) {
    const cut = payload.length >> 1;
    at = writeFrame(out, at, type, id, payload.subarray(0, cut), payload.subarray(cut));
  }
  return out;
}

function* cutAt(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

const chunkings = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 70_000 })), {
  minLength: 1,
  maxLength: 6,
});

test("any frames in any chunks come out as they went in", () => {
  fc.assert(
    fc.property(frames, chunkings, (list, sizes) => {
      const seen: Seen[] = [];
      const decoder = new FrameDecoder(limits.frameBytes, (type, id, payload) => {
        seen.push({ type, id, payload: [...payload] });
      });
      for (const chunk of cutAt(encode(list), sizes)) decoder.push(chunk);
      assert.deepEqual(
        seen,
        list.map(({ type, id, payload }) => ({ type, id, payload: [...payload] })),
      );
      assert.equal(decoder.cut, false);
    }),
    { numRuns: 60 },
  );
});

test("garbage in any chunks is either frames within the bound or `bad-frame`, nothing else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), chunkings, fc.boolean(), (garbage, sizes, small) => {
      // Random lengths are nearly always too large; with small ones the decoder gets further.
      if (small && garbage.length >= 4) writeU32(garbage, 0, garbage[3] as number);
      let bytes = 0;
      const decoder = new FrameDecoder(1000, (_type, _id, payload) => {
        bytes += headerBytes + payload.length;
        assert.ok(headerBytes + payload.length <= 1000);
      });
      try {
        for (const chunk of cutAt(garbage, sizes)) decoder.push(chunk);
      } catch (error) {
        assert.ok(error instanceof LichenError);
        assert.equal(error.code, "bad-frame");
      }
      assert.ok(bytes <= garbage.length);
    }),
  );
});

test("a length beyond the bound is refused as soon as it is seen, before any payload is kept", () => {
  for (const length of [0, 4, limits.frameBytes - 3, 0x7fffffff, 0xffffffff]) {
    const header = new Uint8Array(4);
    writeU32(header, 0, length);
    const decoder = new FrameDecoder(limits.frameBytes, () => assert.fail("no frame was sent"));
    assert.throws(() => decoder.push(header), { code: "bad-frame" });
    const bytewise = new FrameDecoder(limits.frameBytes, () => assert.fail("no frame was sent"));
    assert.throws(() => header.forEach((_, at) => bytewise.push(header.subarray(at, at + 1))), {
      code: "bad-frame",
    });
  }
});

test("the largest frame fits, and a frame cut in the middle is known to be", () => {
  const body = new Uint8Array(limits.frameBytes - headerBytes).fill(7);
  const bytes = encode([{ type: frameType.item, id: 9, payload: body }]);
  let seen = 0;
  const decoder = new FrameDecoder(limits.frameBytes, (_type, _id, payload) => (seen = payload.length));
  decoder.push(bytes.subarray(0, 500_000));
  assert.equal(decoder.cut, true);
  decoder.push(bytes.subarray(500_000));
  assert.equal(seen, body.length);
  assert.equal(decoder.cut, false);
});

test("a stopped decoder gives away nothing more, even from the chunk at hand", () => {
  const bytes = encode([
    { type: frameType.ping, id: 1, payload: noBytes },
    { type: frameType.ping, id: 2, payload: noBytes },
  ]);
  const seen: number[] = [];
  const decoder: FrameDecoder = new FrameDecoder(1000, (_type, id) => {
    seen.push(id);
    decoder.stop();
  });
  decoder.push(bytes);
  assert.deepEqual(seen, [1]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { concat } from "@lichen/kernel";
import { frameType, noBytes } from "./frame.ts";
import { FrameDecoder } from "./frame-decoder.ts";
import { Outbox } from "./outbox.ts";

type World = { outbox: Outbox; sent: Uint8Array[]; overflows: () => number; accept: (yes: boolean) => void };

function world(): World {
  const sent: Uint8Array[] = [];
  let accepting = true;
  let overflows = 0;
  const send = (bytes: Uint8Array): boolean => {
    sent.push(bytes);
    return accepting;
  };
  const outbox = new Outbox({ send, onOverflow: () => overflows++ });
  return { outbox, sent, overflows: () => overflows, accept: (yes) => (accepting = yes) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function sizes(sent: readonly Uint8Array[]): number[] {
  const seen: number[] = [];
  new FrameDecoder(2 ** 24, (_type, _id, payload) => seen.push(payload.length)).push(concat(...sent));
  return seen;
}

test("frames of one turn leave as one batch, in order, whatever is written over the source later", async () => {
  const { outbox, sent } = world();
  const body = new Uint8Array(10).fill(1);
  for (let id = 0; id < 100; id++) outbox.write(frameType.item, id, noBytes, body);
  body.fill(9);
  assert.equal(sent.length, 0);
  await turn();
  assert.equal(sent.length, 1);
  const payloads: Uint8Array[] = [];
  new FrameDecoder(2 ** 24, (_type, _id, payload) => payloads.push(payload)).push(sent[0] as Uint8Array);
  assert.deepEqual(
    payloads,
    Array.from({ length: 100 }, () => new Uint8Array(10).fill(1)),
  );
});

test("while the stream is full frames wait, those who can wait are told, and all leaves in order", async () => {
  const { outbox, sent, accept, overflows } = world();
  accept(false);
  outbox.write(frameType.item, 1, noBytes, new Uint8Array(1));
  await turn();
  assert.equal(outbox.blocked, true);
  for (let i = 0; i < 5; i++) outbox.write(frameType.item, 1, noBytes, new Uint8Array(2 ** 20));
  await turn();
  assert.equal(sent.length, 1);
  assert.equal(outbox.full, true);
  const resumed: string[] = [];
  outbox.whenRoom(() => resumed.push("first"));
  outbox.whenRoom(() => resumed.push("second"));
  accept(true);
  outbox.drained();
  assert.deepEqual(resumed, ["first", "second"]);
  assert.deepEqual(sizes(sent), [1, ...Array.from({ length: 5 }, () => 2 ** 20)]);
  assert.deepEqual([outbox.full, outbox.empty, overflows()], [false, true, 0]);
});

test("more than any reader leaves behind is an overflow", async () => {
  const { outbox, accept, overflows } = world();
  accept(false);
  outbox.write(frameType.item, 1, noBytes, noBytes);
  await turn();
  for (let i = 0; i < 17; i++) outbox.write(frameType.item, 1, noBytes, new Uint8Array(2 ** 20));
  assert.ok(overflows() > 0);
});

test("a closed outbox sends nothing", async () => {
  const { outbox, sent } = world();
  outbox.write(frameType.item, 1, noBytes, new Uint8Array(5));
  outbox.close();
  outbox.write(frameType.item, 2, noBytes, new Uint8Array(5));
  outbox.flush();
  await turn();
  assert.deepEqual(sent, []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { LichenError, utf8 } from "@lichen/kernel";
import type { EngineEvent } from "@lichen/ports";
import { Answer } from "./answer.ts";

async function read(answer: Answer): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  for await (const event of answer.events()) events.push(event);
  return events;
}

test("holds half a character back until it is whole", async () => {
  const answer = new Answer([]);
  const events = answer.events();
  const [a, b, c] = utf8("\u20ac");
  answer.add(1, utf8("x"));
  assert.deepEqual((await events.next()).value, { type: "tokens", text: "x", tokens: [1] });
  const next = events.next();
  answer.add(2, Uint8Array.of(a!));
  answer.add(3, Uint8Array.of(b!, c!));
  assert.deepEqual((await next).value, { type: "tokens", text: "\u20ac", tokens: [2, 3] });
  answer.add(4, Uint8Array.of(a!));
  answer.end("length");
  assert.deepEqual((await events.next()).value, { type: "tokens", text: "", tokens: [4] });
  assert.deepEqual((await events.next()).value, { type: "end", finishReason: "length" });
  assert.equal((await events.next()).done, true);
});

test("shows bytes that are no UTF-8 as U+FFFD, and keeps a byte order mark", async () => {
  const answer = new Answer([]);
  answer.add(1, Uint8Array.of(0xff));
  answer.add(2, utf8("\ufeffa"));
  answer.end("stop");
  assert.deepEqual((await read(answer))[0], { type: "tokens", text: "\ufffd\ufeffa", tokens: [1, 2] });
});

test("is over with a stop string, and counts the tokens that made it", async () => {
  const answer = new Answer(["END"]);
  assert.equal(answer.add(1, utf8("one E")), false);
  assert.equal(answer.add(2, utf8("ND two")), true);
  assert.equal(answer.add(3, utf8("more")), true);
  answer.end("cancelled");
  assert.deepEqual(await read(answer), [
    { type: "tokens", text: "one ", tokens: [1, 2] },
    { type: "end", finishReason: "stop" },
  ]);
});

test("gives what was made before it fails", async () => {
  const answer = new Answer([]);
  answer.add(1, utf8("a"));
  answer.fail(new LichenError("engine-failed", "gone"));
  const events = answer.events();
  assert.deepEqual((await events.next()).value, { type: "tokens", text: "a", tokens: [1] });
  await assert.rejects(events.next(), LichenError);
});

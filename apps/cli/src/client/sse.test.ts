import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { sseData } from "./sse.ts";

async function all(events: AsyncIterable<string>): Promise<string[]> {
  const list: string[] = [];
  for await (const event of events) list.push(event);
  return list;
}

async function* pieces(text: string, cuts: readonly number[]): AsyncGenerator<string> {
  let at = 0;
  for (const cut of [...cuts.map((each) => each % (text.length + 1)).sort((a, b) => a - b), text.length]) {
    if (cut > at) yield text.slice(at, cut);
    at = Math.max(at, cut);
  }
}

test("events survive being cut anywhere, whatever ends their lines", async () => {
  const events = ['{"a":1}', "", "two\nlines", "[DONE]"];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("\n", "\r\n"),
      fc.array(fc.nat(), { maxLength: 12 }),
      async (end, cuts) => {
        const text = events
          .map(
            (each) =>
              `: comment${end}event: x${end}${each
                .split("\n")
                .map((line) => `data: ${line}${end}`)
                .join("")}${end}`,
          )
          .join("");
        assert.deepEqual(await all(sseData(pieces(text, cuts))), events);
      },
    ),
  );
});

test("an event that is cut off is not one", async () => {
  assert.deepEqual(await all(sseData(pieces("data: a\n\ndata: b\n", []))), ["a"]);
});

test("an event without end is refused", async () => {
  async function* endless(): AsyncGenerator<string> {
    for (;;) yield "x".repeat(65_536);
  }
  await assert.rejects(
    all(sseData(endless())),
    (error: { code?: string }) => error.code === "limit-exceeded",
  );
});

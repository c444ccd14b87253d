import assert from "node:assert/strict";
import { test } from "node:test";
import type { EngineEvent, EngineRequest } from "../engine.ts";
import { engineCompliance } from "../compliance/engine.ts";
import { createManualClock } from "./clock.ts";
import { createScriptedEngine } from "./engine.ts";

engineCompliance("the scripted engine", {
  setup: async ({ slots }) => {
    const model = { id: "0x01", name: "script", contextTokens: 200 } as const;
    const answer = (): string[] => Array.from({ length: 200 }, (_, i) => `w${i} `);
    const engine = createScriptedEngine({ clock: createManualClock(0) }, { model, slots, answer });
    return { engine, teardown: () => engine.stop() };
  },
});

const request: EngineRequest = {
  messages: [{ role: "user", content: "one two  three" }],
  sampling: { maxTokens: 10, temperature: 0, topP: 1, seed: 0, stop: [] },
};

test("a scripted engine takes the time it was given, by its clock", async () => {
  const clock = createManualClock(0);
  const model = { id: "0x01", name: "script", contextTokens: 200 } as const;
  const options = { model, slots: 1, delayMs: 50, tokenDelayMs: 10, answer: () => ["a", "b", "c"] };
  const engine = createScriptedEngine({ clock }, options);
  const seen: EngineEvent[] = [];
  const done = (async () => {
    for await (const event of engine.generate(request, new AbortController().signal)) seen.push(event);
  })();
  await clock.advance(49);
  assert.deepEqual(seen, [{ type: "prompt", promptTokens: 3 }]);
  await clock.advance(1);
  assert.deepEqual(seen.at(-1), { type: "tokens", text: "a", tokens: [0] });
  await clock.advance(20);
  await done;
  assert.equal(clock.nowMs(), 70);
  assert.deepEqual(seen.at(-1), { type: "end", finishReason: "stop" });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { LichenError, type ErrorCode } from "@lichen/kernel";
import type { Sampling } from "@lichen/wire";
import type { Engine, EngineEvent, EngineRequest } from "../engine.ts";
import { MAX_WAITING_REQUESTS } from "../slot-line.ts";

/**
 * An engine to be tried: `slots` as asked for, a context of at most a few hundred tokens, and for the
 * prompt used here an answer that does not end before the context does.
 */
export type EngineSubject = { engine: Engine; teardown: () => Promise<void> };

const never = new AbortController().signal;
const timeout = 60_000;

/** Registers tests of everything that `Engine` promises. */
export function engineCompliance(
  name: string,
  { setup }: { setup: (options: { slots: number }) => Promise<EngineSubject> },
): void {
  const engineTest = (what: string, slots: number, run: (engine: Engine) => Promise<void>): void => {
    test(what, { timeout }, async () => {
      const { engine, teardown } = await setup({ slots });
      try {
        await run(engine);
      } finally {
        await teardown();
      }
    });
  };

  describe(`${name} is an engine`, () => {
    engineTest("says the prompt's size, then text, then why it ended", 2, async (engine) => {
      assert.equal(engine.slots, 2);
      assert.match(engine.name, /^[\w.-]+\/[\w.-]+$/);
      const events = await all(engine, ask({ maxTokens: 12 }));
      assert.equal(events[0]?.type, "prompt");
      assert.deepEqual(events.at(-1), { type: "end", finishReason: "length" });
      assert.ok(events.slice(1, -1).every(({ type }) => type === "tokens"));
      const { tokens, text, promptTokens } = sum(events);
      assert.ok(promptTokens > 0);
      assert.equal(tokens.length, 12);
      assert.ok(text.isWellFormed());
    });

    engineTest("says the same for the same request and seed", 2, async (engine) => {
      const request = ask({ maxTokens: 24, temperature: 1, seed: 7 });
      const first = sum(await all(engine, request));
      assert.deepEqual(sum(await all(engine, request)), first);
    });

    engineTest("cuts the answer at a stop string", 2, async (engine) => {
      const { text } = sum(await all(engine, ask({ maxTokens: 40 })));
      const letters = Array.from(text);
      assert.ok(letters.length >= 8, "the answer is long enough for this test");
      const stop = letters.slice(5, 8).join("");
      const cut = await all(engine, ask({ maxTokens: 40, stop: ["never said", stop] }));
      assert.equal(sum(cut).text, text.slice(0, text.indexOf(stop)));
      assert.deepEqual(cut.at(-1), { type: "end", finishReason: "stop" });
    });

    engineTest("keeps prompt and answer inside the context", 2, async (engine) => {
      const { promptTokens, tokens, end } = sum(await all(engine, ask({ maxTokens: 1 << 20 })));
      assert.equal(promptTokens + tokens.length, engine.model.contextTokens);
      assert.equal(end, "length");
      const long = ask({}, "so ".repeat(engine.model.contextTokens));
      await rejects(all(engine, long), "context-overflow");
    });

    engineTest("ends as cancelled when aborted between tokens", 1, async (engine) => {
      const abort = new AbortController();
      const events: EngineEvent[] = [];
      for await (const event of engine.generate(ask({ maxTokens: 1 << 20 }), abort.signal)) {
        events.push(event);
        if (event.type === "tokens") abort.abort();
      }
      const { tokens, promptTokens, end } = sum(events);
      assert.equal(end, "cancelled");
      assert.ok(promptTokens + tokens.length < engine.model.contextTokens, "it went on to the end");
      await works(engine);
    });

    engineTest("ends as cancelled when aborted before it began, or in line", 1, async (engine) => {
      const events = await all(engine, ask({}), AbortSignal.abort());
      assert.deepEqual(events.at(-1), { type: "end", finishReason: "cancelled" });
      assert.equal(sum(events).tokens.length, 0);

      const busy = await started(engine);
      const abort = new AbortController();
      const waiting = all(engine, ask({}), abort.signal);
      await turn();
      abort.abort();
      assert.equal(sum(await waiting).end, "cancelled");
      await busy.return();
      await works(engine);
    });

    engineTest("answers more requests than it has slots", 2, async (engine) => {
      const answers = await Promise.all(Array.from({ length: 7 }, () => all(engine, ask({ maxTokens: 8 }))));
      for (const answer of answers) {
        assert.equal(sum(answer).tokens.length, 8);
        assert.equal(sum(answer).end, "length");
      }
    });

    engineTest("serves who came first first, and refuses beyond the line", 1, async (engine) => {
      const busy = await started(engine);
      const order: number[] = [];
      const abort = new AbortController();
      const waiting = Array.from({ length: MAX_WAITING_REQUESTS }, async (_, place) => {
        for await (const event of engine.generate(ask({ maxTokens: 1 }), abort.signal)) {
          if (event.type !== "tokens") continue;
          order.push(place);
          if (order.length === 8) abort.abort();
        }
      });
      await turn();
      const refused = await rejects(all(engine, ask({})), "limit-exceeded");
      assert.equal(refused.retryable, true);
      await busy.return();
      await Promise.all(waiting);
      assert.deepEqual(order.slice(0, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
      await works(engine);
    });

    engineTest("frees the slot of a caller that leaves or throws", 1, async (engine) => {
      const busy = await started(engine);
      await busy.return();
      await works(engine);
      await assert.rejects(async () => {
        for await (const event of engine.generate(ask({ maxTokens: 1 << 20 }), never)) {
          if (event.type === "tokens") throw new Error("the caller's own");
        }
      }, /the caller's own/);
      await works(engine);
      for await (const event of engine.generate(ask({}), never)) if (event.type === "prompt") break;
      await works(engine);
    });

    engineTest("stops while it runs, and stays stopped", 1, async (engine) => {
      const busy = await started(engine);
      const waiting = all(engine, ask({}));
      waiting.catch(() => undefined);
      await turn();
      await engine.stop();
      const failed = await rejects(drain(busy), "engine-failed");
      assert.equal(failed.retryable, true);
      await rejects(waiting, "engine-failed");
      await rejects(all(engine, ask({})), "engine-failed");
      await engine.stop();
    });
  });
}

function ask(sampling: Partial<Sampling>, content = "Who is there?"): EngineRequest {
  return {
    messages: [{ role: "user", content }],
    sampling: { maxTokens: 8, temperature: 0, topP: 1, seed: 1, stop: [], ...sampling },
  };
}

async function all(
  engine: Engine,
  request: EngineRequest,
  signal: AbortSignal = never,
): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  for await (const event of engine.generate(request, signal)) events.push(event);
  return events;
}

/** A request that has its first token and would go on to the context's end. */
async function started(engine: Engine): Promise<Required<AsyncIterator<EngineEvent>>> {
  const events = engine.generate(ask({ maxTokens: 1 << 20 }), never)[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await events.next();
    assert.ok(done !== true, "the answer ended too early for this test");
    if ((value as EngineEvent).type === "tokens") return events as Required<AsyncIterator<EngineEvent>>;
  }
}

async function drain(events: AsyncIterator<EngineEvent>): Promise<void> {
  while ((await events.next()).done !== true);
}

async function works(engine: Engine): Promise<void> {
  assert.equal(sum(await all(engine, ask({ maxTokens: 2 }))).tokens.length, 2);
}

function sum(events: readonly EngineEvent[]): {
  promptTokens: number;
  tokens: number[];
  text: string;
  end: string | undefined;
} {
  let promptTokens = 0;
  let end: string | undefined;
  let text = "";
  const tokens: number[] = [];
  for (const event of events) {
    if (event.type === "prompt") promptTokens = event.promptTokens;
    else if (event.type === "end") end = event.finishReason;
    else {
      text += event.text;
      tokens.push(...event.tokens);
    }
  }
  return { promptTokens, tokens, text, end };
}

async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<LichenError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof LichenError, `expected ${code}, got ${String(error)}`);
  assert.equal(error.code, code);
  return error;
}

import type { Hex } from "@lichen/kernel";
import type { FinishReason, Leaf, OfferedModel } from "@lichen/wire";

/** What Lichen adds to OpenAI's answer: who served it, what it cost, where the proof is. */
export type LichenNote = {
  request: string;
  provider: Hex;
  model: { id: Hex; name: string };
  cost: { units: string; amount: string; symbol: string };
  receipt: string;
};

/** The parts that all chunks of an answer share. */
export type ChunkHead = { id: string; created: number; model: OfferedModel };

const finish = (reason: FinishReason): "stop" | "length" => (reason === "length" ? "length" : "stop");

/** OpenAI's `usage`. */
export function usageOf({ promptTokens, completionTokens }: Leaf): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

/** A `chat.completion` object. */
export function completion(
  { id, created, model }: ChunkHead,
  text: string,
  leaf: Leaf,
  note: LichenNote,
): object {
  return {
    id: `chatcmpl-${id}`,
    object: "chat.completion",
    created,
    model: model.name,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        logprobs: null,
        finish_reason: finish(leaf.finishReason),
      },
    ],
    usage: usageOf(leaf),
    lichen: note,
  };
}

/**
 * Maker of an answer's `chat.completion.chunk`s, as server-sent events. With `includeUsage` every chunk
 * has a `usage`, null before the last.
 */
export function chunker({ id, created, model }: ChunkHead, includeUsage: boolean) {
  const bare = { id: `chatcmpl-${id}`, object: "chat.completion.chunk", created, model: model.name };
  const head = includeUsage ? { ...bare, usage: null } : bare;
  const prefix = `data: ${JSON.stringify(head).slice(0, -1)},"choices":[{"index":0,"delta":`;
  const event = (body: object): string => `data: ${JSON.stringify({ ...head, ...body })}\n\n`;
  return {
    role: (): string =>
      `${prefix}{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}\n\n`,
    text: (text: string): string =>
      `${prefix}{"content":${JSON.stringify(text)}},"logprobs":null,"finish_reason":null}]}\n\n`,
    /** The end: finish reason, usage where it was asked for, and the note on the very last chunk. */
    end(leaf: Leaf, note: LichenNote): string {
      const choices = [{ index: 0, delta: {}, logprobs: null, finish_reason: finish(leaf.finishReason) }];
      const events = includeUsage
        ? event({ choices }) + event({ choices: [], usage: usageOf(leaf), lichen: note })
        : event({ choices, lichen: note });
      return `${events}data: [DONE]\n\n`;
    },
  };
}

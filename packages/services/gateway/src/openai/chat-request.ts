import { z } from "zod";
import { fromUtf8, limits } from "@lichen/kernel";
import { textSchema, type ChatMessage } from "@lichen/wire";
import { errorOf, type OpenAiError } from "./error.ts";

/** What a chat completion asks for, as far as this gateway can give it. */
export type ChatRequest = {
  model: string;
  messages: ChatMessage[];
  stream: boolean;
  includeUsage: boolean;
  maxTokens: number | undefined;
  temperature: number;
  topP: number;
  seed: number | undefined;
  stop: string[];
};

const textPart = z.strictObject({ type: z.literal("text"), text: z.string() });
const wellFormed = z.string().refine((text) => text.isWellFormed(), "text holds half a surrogate pair");
const message = z.object({
  role: z.enum(["system", "developer", "user", "assistant"], "expected system, developer, user or assistant"),
  content: z.union(
    [
      wellFormed,
      z
        .array(textPart)
        .transform((parts) => parts.map(({ text }) => text).join(""))
        .pipe(wellFormed),
    ],
    "expected a string or an array of text parts",
  ),
  name: z.string().optional(),
});

/** Compares no deeper than `expected` is: what a client sent may be nested beyond any stack. */
function equals(given: unknown, expected: unknown): boolean {
  if (typeof expected !== "object" || expected === null) return given === expected;
  if (typeof given !== "object" || given === null || Array.isArray(given) !== Array.isArray(expected))
    return false;
  const members = Object.entries(expected);
  return (
    Object.keys(given).length === members.length &&
    members.every(([key, member]) => equals((given as Record<string, unknown>)[key], member))
  );
}

/** Accepted where it changes nothing; otherwise refused by name rather than silently ignored. */
const only = (value: unknown, word: string): z.ZodType =>
  z
    .unknown()
    .refine((given) => given == null || equals(given, value), `${word} is not supported`)
    .optional();

const stopText = textSchema(limits.stopChars);

const schema = z.looseObject({
  model: z.string().min(1).max(256),
  messages: z.array(message).min(1).max(limits.chatMessages),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z
    .int()
    .positive()
    .max(1 << 20)
    .nullish(),
  max_completion_tokens: z
    .int()
    .positive()
    .max(1 << 20)
    .nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z
    .union(
      [stopText, z.array(stopText).max(limits.stopSequences)],
      `expected a string of at most ${limits.stopChars} characters, or up to ${limits.stopSequences} of them`,
    )
    .nullish(),
  n: only(1, "n other than 1"),
  logprobs: only(false, "logprobs"),
  top_logprobs: only(0, "top_logprobs"),
  logit_bias: only({}, "logit_bias"),
  presence_penalty: only(0, "presence_penalty"),
  frequency_penalty: only(0, "frequency_penalty"),
  response_format: only({ type: "text" }, "a response_format other than text"),
  tools: only([], "tools"),
  tool_choice: only("none", "tool_choice"),
  functions: only([], "functions"),
  modalities: only(["text"], "a modality other than text"),
  audio: only(null, "audio"),
});

/** A body as a chat request, or what to tell the client. */
export function parseChatRequest(body: Uint8Array): { request: ChatRequest } | { refusal: OpenAiError } {
  let json: unknown;
  try {
    json = JSON.parse(fromUtf8(body));
  } catch {
    return {
      refusal: errorOf(400, "invalid_request_error", "The body is not valid JSON.", null, "invalid_json"),
    };
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const param = issue?.path.join(".") || null;
    const text = `${param ?? "The body"}: ${issue?.message ?? "invalid"}.`;
    return { refusal: errorOf(400, "invalid_request_error", text, param, "invalid_value") };
  }
  const { data } = parsed;
  if (data.stream_options != null && data.stream !== true) {
    const text = "stream_options are only taken together with stream: true.";
    return { refusal: errorOf(400, "invalid_request_error", text, "stream_options", "invalid_value") };
  }
  const messages = data.messages.map(({ role, content }) => ({
    role: role === "developer" ? ("system" as const) : role,
    content,
  }));
  const chars = messages.reduce((sum, { content }) => sum + content.length, 0);
  if (chars > limits.promptChars) {
    const text = `The messages have ${chars} characters, at most ${limits.promptChars} are taken.`;
    return { refusal: errorOf(400, "invalid_request_error", text, "messages", "context_length_exceeded") };
  }
  const stop = data.stop == null ? [] : typeof data.stop === "string" ? [data.stop] : data.stop;
  const request: ChatRequest = {
    model: data.model,
    messages,
    stream: data.stream ?? false,
    includeUsage: data.stream_options?.include_usage ?? false,
    maxTokens: data.max_completion_tokens ?? data.max_tokens ?? undefined,
    temperature: data.temperature ?? 1,
    topP: data.top_p ?? 1,
    seed: data.seed == null ? undefined : Number(BigInt.asUintN(32, BigInt(data.seed))),
    stop: stop.filter((text) => text !== ""),
  };
  return { request };
}

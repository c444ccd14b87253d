import { LichenError } from "@lichen/kernel";
import { z } from "zod";
import { sseData } from "./sse.ts";

/** A gateway and the key to it. */
export type Access = { url: string; apiKey: string };

/** One turn of a conversation. */
export type Turn = { role: "system" | "user" | "assistant"; content: string };

/** What is asked. */
export type Question = {
  messages: readonly Turn[];
  model?: string | undefined;
  maxTokens?: number | undefined;
  temperature?: number | undefined;
};

const costSchema = z.object({ units: z.string(), amount: z.string(), symbol: z.string() });

/** What an answer says about itself beside OpenAI's members. */
export const aboutSchema: z.ZodType<About, unknown> = z.object({
  request: z.string(),
  provider: z.string(),
  model: z.object({ id: z.string(), name: z.string() }),
  cost: costSchema,
  receipt: z.string().startsWith("/v1/receipts/"),
});

/** An amount of the payment token. */
export type Cost = { units: string; amount: string; symbol: string };

/** Who answered, with what, for how much; `receipt` is a path on the gateway. */
export type About = {
  request: string;
  provider: string;
  model: { id: string; name: string };
  cost: Cost;
  receipt: string;
};

/** An answer that has ended. */
export type Answered = {
  text: string;
  finishReason: string;
  promptTokens: number;
  completionTokens: number;
  firstTokenMs: number;
  totalMs: number;
  about: About | undefined;
};

const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
  lichen: aboutSchema.nullish(),
  error: z.object({ message: z.string(), code: z.string().nullish() }).nullish(),
});

/**
 * Asks and streams the answer.
 *
 * @param onText told each piece of text as it comes
 * @throws {LichenError} `gateway-refused` with what the gateway says, `peer-unreachable` where it is gone
 */
export async function ask(
  access: Access,
  question: Question,
  onText: (text: string) => void,
  signal?: AbortSignal,
): Promise<Answered> {
  const startedAt = performance.now();
  const body = {
    model: question.model ?? (await models(access, signal))[0],
    messages: question.messages,
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: question.maxTokens,
    temperature: question.temperature,
  };
  const response = await call(
    access,
    "/v1/chat/completions",
    { method: "POST", body: JSON.stringify(body) },
    signal,
  );
  const answered: Answered = {
    text: "",
    finishReason: "",
    promptTokens: 0,
    completionTokens: 0,
    firstTokenMs: 0,
    totalMs: 0,
    about: undefined,
  };
  let done = false;
  for await (const data of sseData(textOf(response, access))) {
    if (data === "[DONE]") {
      done = true;
      break;
    }
    const chunk = parse(chunkSchema, data, "the answer's stream");
    if (chunk.error)
      throw new LichenError("gateway-refused", chunk.error.message, {
        details: chunk.error.code ?? "",
      });
    const choice = chunk.choices[0];
    const text = choice?.delta?.content ?? "";
    if (text !== "") {
      if (answered.text === "") answered.firstTokenMs = performance.now() - startedAt;
      answered.text += text;
      onText(text);
    }
    answered.finishReason = choice?.finish_reason ?? answered.finishReason;
    answered.promptTokens = chunk.usage?.prompt_tokens ?? answered.promptTokens;
    answered.completionTokens = chunk.usage?.completion_tokens ?? answered.completionTokens;
    answered.about = chunk.lichen ?? answered.about;
  }
  if (!done) throw new LichenError("peer-unreachable", "the answer broke off", { retryable: true });
  answered.totalMs = performance.now() - startedAt;
  return answered;
}

/** Names of the models that the gateway offers now. */
export async function models(access: Access, signal?: AbortSignal): Promise<string[]> {
  const schema = z.object({ data: z.array(z.object({ id: z.string() })) });
  const list = parse(schema, await get(access, "/v1/models", signal), "the list of models").data.map(
    (model) => model.id,
  );
  if (list.length === 0) {
    throw new LichenError("model-unknown", "no provider offers a model now", {
      remedy: "see `lichen status`",
      retryable: true,
    });
  }
  return list;
}

/** The text behind a path. */
export async function get(access: Access, path: string, signal?: AbortSignal): Promise<string> {
  return (await call(access, path, {}, signal)).text();
}

/** A request whose answer was not an error. */
export async function call(
  access: Access,
  path: string,
  init: RequestInit,
  signal?: AbortSignal,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(access.url + path, {
      ...init,
      headers: { authorization: `Bearer ${access.apiKey}`, "content-type": "application/json" },
      signal: signal ?? null,
    });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw unreachable(access, cause);
  }
  if (response.ok) return response;
  const text = await response.text().catch(() => "");
  throw new LichenError(
    "gateway-refused",
    errorMessage(text) ?? `the gateway answered with status ${response.status}`,
    {
      details: `status ${response.status} from ${path}`,
      retryable: response.status === 429 || response.status >= 500,
    },
  );
}

const errorSchema = z.object({ error: z.object({ message: z.string() }) });

function errorMessage(text: string): string | undefined {
  try {
    return errorSchema.parse(JSON.parse(text)).error.message;
  } catch {
    return undefined;
  }
}

async function* textOf(response: Response, access: Access): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) yield decoder.decode(chunk, { stream: true });
  } catch (cause) {
    if ((cause as Error).name === "AbortError") throw cause;
    throw unreachable(access, cause);
  }
}

function unreachable({ url }: Access, cause: unknown): LichenError {
  return new LichenError("peer-unreachable", `the gateway at ${url} does not answer`, {
    details: String((cause as { cause?: unknown }).cause ?? cause),
    remedy: "see `lichen status`",
    retryable: true,
    cause,
  });
}

/** JSON of the gateway's, by the schema of what was expected. */
export function parse<Out>(schema: z.ZodType<Out>, text: string, what: string): Out {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new LichenError("bad-message", `${what} is not JSON`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new LichenError("bad-message", `${what} is not as expected`, {
    details: `${issue?.path.join(".")}: ${issue?.message}`,
  });
}

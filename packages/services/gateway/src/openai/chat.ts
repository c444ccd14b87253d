import { formatUnits, type Hex } from "@lichen/kernel";
import type { HttpRequest, HttpResponse, HttpStream } from "@lichen/ports";
import { beginAnswer, type Answer } from "../answer/answer.ts";
import type { Chat } from "../answer/chat.ts";
import type { CheckedLeaf } from "../answer/check-leaf.ts";
import type { Context } from "../context.ts";
import { sendError, sendJson } from "../http/reply.ts";
import { newRequestId } from "../http/request-id.ts";
import { parseChatRequest, type ChatRequest } from "./chat-request.ts";
import { chunker, completion, type ChunkHead, type LichenNote } from "./chat-response.ts";
import { errorOf, openAiError } from "./error.ts";

/** `POST /v1/chat/completions`. */
export async function chatCompletions(
  context: Context,
  http: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const parsed = parseChatRequest(http.body);
  if ("refusal" in parsed) return sendError(response, parsed.refusal);
  const { request } = parsed;
  const { clock, market } = context;
  const model = market.resolve(request.model, clock.nowMs());
  if (model === undefined) {
    const text = `The model \`${request.model}\` is not served here; GET /v1/models lists what is.`;
    return sendError(response, errorOf(404, "invalid_request_error", text, "model", "model_not_found"));
  }
  const id = newRequestId(context);
  let answer: Answer;
  try {
    answer = await beginAnswer(context, chatOf(context, request, model), id, http.signal);
  } catch (error) {
    return sendError(response, openAiError(error), { "x-lichen-request": id });
  }
  const head: ChunkHead = { id, created: Math.floor(clock.nowMs() / 1000), model };
  const headers = {
    "x-lichen-request": id,
    "x-lichen-provider": answer.provider,
    "x-lichen-model": model.id,
  };
  await (request.stream
    ? stream(context, answer, head, headers, request.includeUsage, response)
    : whole(context, answer, head, headers, response));
}

function chatOf({ random, options }: Context, request: ChatRequest, model: Chat["model"]): Chat {
  const { messages, temperature, topP, stop } = request;
  const seed = request.seed ?? new DataView(random.bytes(4).buffer).getUint32(0);
  const maxTokens = Math.min(request.maxTokens ?? options.defaultMaxTokens, model.contextTokens);
  return { model, messages, sampling: { maxTokens, temperature, topP, seed, stop } };
}

async function whole(
  context: Context,
  answer: Answer,
  head: ChunkHead,
  headers: Record<string, string>,
  response: HttpResponse,
): Promise<void> {
  const pieces = answer.pieces();
  let text = "";
  try {
    let piece = await pieces.next();
    for (; piece.done !== true; piece = await pieces.next()) text += piece.value;
    sendJson(
      response,
      200,
      completion(head, text, piece.value.leaf, noteOf(context, answer, piece.value)),
      headers,
    );
  } catch (error) {
    sendError(response, openAiError(error), headers);
  }
}

async function stream(
  context: Context,
  answer: Answer,
  head: ChunkHead,
  headers: Record<string, string>,
  includeUsage: boolean,
  response: HttpResponse,
): Promise<void> {
  const sse = response.stream(200, {
    ...headers,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
  const chunk = chunker(head, includeUsage);
  const pieces = answer.pieces();
  try {
    let piece = await pieces.next();
    let opening = chunk.role();
    for (; piece.done !== true; piece = await pieces.next()) {
      await writeIfOpen(sse, opening + chunk.text(piece.value));
      opening = "";
    }
    await writeIfOpen(sse, opening + chunk.end(piece.value.leaf, noteOf(context, answer, piece.value)));
  } catch (error) {
    await writeIfOpen(sse, `data: ${JSON.stringify(openAiError(error).body)}\n\n`);
  }
  sse.end();
}

/** A client that went away does not end the answer: what was made is taken and owed all the same. */
async function writeIfOpen(sse: HttpStream, text: string): Promise<void> {
  await sse.write(text).catch(() => {});
}

function noteOf({ ledger }: Context, answer: Answer, { leaf }: CheckedLeaf): LichenNote {
  const { symbol, decimals } = ledger.token;
  const { id, name } = answer.chat.model;
  const provider: Hex = answer.provider;
  return {
    request: answer.id,
    provider,
    model: { id, name },
    cost: { units: leaf.costUnits.toString(), amount: formatUnits(leaf.costUnits, decimals), symbol },
    receipt: `/v1/receipts/${answer.id}`,
  };
}

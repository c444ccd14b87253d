import { stringify } from "@lichen/kernel";
import type { HttpResponse } from "@lichen/ports";
import type { OpenAiError } from "../openai/error.ts";

const json = { "content-type": "application/json; charset=utf-8" };

/** Sends a value as JSON, `bigint` as decimal strings. */
export function sendJson(
  response: HttpResponse,
  status: number,
  value: object,
  headers: Record<string, string> = {},
): void {
  response.send(status, { ...json, ...headers }, stringify(value));
}

/** Sends an error in OpenAI's format. */
export function sendError(
  response: HttpResponse,
  error: OpenAiError,
  headers: Record<string, string> = {},
): void {
  sendJson(response, error.status, error.body, headers);
}

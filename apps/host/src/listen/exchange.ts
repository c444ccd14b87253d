import type { IncomingMessage, ServerResponse } from "node:http";
import { LichenError } from "@lichen/kernel";
import type { HttpRequest, HttpResponse, Log, Route } from "@lichen/ports";
import { bodyStream } from "./body-stream.ts";

/** What the listener adds to every answer: nothing of ours is anybody's to frame, guess or keep. */
const always = { "x-content-type-options": "nosniff", "cache-control": "no-store" };

/** What fastify found out about a request. */
export type Parsed = { params: unknown; body: unknown };

/**
 * Lets a service's route answer a request directly on Node's objects.
 *
 * @param errorBody what to send when the route throws, which is a defect
 */
export async function exchange(
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
  parsed: Parsed,
  errorBody: (status: number, message: string) => string,
  log: Log,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort(new LichenError("peer-unreachable", "the client went away"));
  });
  const target = request.url ?? "/";
  const query = target.indexOf("?");
  const incoming: HttpRequest = {
    method: route.method,
    path: query < 0 ? target : target.slice(0, query),
    params: (parsed.params ?? {}) as Record<string, string>,
    headers: request.headers,
    body: Buffer.isBuffer(parsed.body) ? parsed.body : empty,
    signal: gone.signal,
  };
  try {
    await route.handle(incoming, answerOn(response, gone.signal));
    if (!response.headersSent && !gone.signal.aborted)
      throw new LichenError("internal", "the route gave no answer");
  } catch (error) {
    if (gone.signal.aborted) return;
    log("error", "http.defect", { path: route.path, err: error });
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, errorBody(500, "internal error"));
  }
}

const empty = new Uint8Array();

function answerOn(response: ServerResponse, signal: AbortSignal): HttpResponse {
  return {
    send(status, headers, body) {
      response.writeHead(status, { ...always, ...headers, "content-length": Buffer.byteLength(body) });
      response.end(body);
    },
    stream(status, headers) {
      response.writeHead(status, { ...always, ...headers });
      // A token is worth a packet: the headers tell the client at once that it is being served.
      response.flushHeaders();
      return bodyStream(response, signal);
    },
  };
}

/** A whole answer that the listener gives by itself. */
export function sendJson(response: ServerResponse, status: number, body: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...always,
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

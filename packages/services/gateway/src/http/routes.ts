import type { HttpRequest, HttpResponse, HttpService, Route } from "@lichen/ports";
import type { Context } from "../context.ts";
import { chatCompletions } from "../openai/chat.ts";
import { errorOf } from "../openai/error.ts";
import { listModels, oneModel } from "../openai/models.ts";
import { gatewayStatus } from "../status.ts";
import { authenticator } from "./auth.ts";
import { receipt } from "./receipt.ts";
import { sendError, sendJson } from "./reply.ts";

type Handle = (context: Context, request: HttpRequest, response: HttpResponse) => Promise<void>;

/** The gateway's table of routes. Everything needs the key. */
export function gatewayRoutes(context: Context): HttpService {
  const refuse = authenticator(context.options.apiKey);
  const route = (method: Route["method"], path: string, handle: Handle): Route => ({
    method,
    path,
    async handle(request, response) {
      const refusal = refuse(request);
      if (refusal === undefined) await handle(context, request, response);
      else sendError(response, refusal, { "www-authenticate": "Bearer" });
    },
  });
  return {
    routes: [
      route("POST", "/v1/chat/completions", chatCompletions),
      route("GET", "/v1/models", listModels),
      route("GET", "/v1/models/:model", oneModel),
      route("GET", "/v1/receipts/:id", receipt),
      route("GET", "/lichen/status", async (_context, _request, response) => {
        sendJson(response, 200, await gatewayStatus(context));
      }),
    ],
    errorBody: (status, message) =>
      JSON.stringify(errorOf(status, status < 500 ? "invalid_request_error" : "api_error", message).body),
  };
}

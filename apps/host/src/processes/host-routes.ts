import type { HttpService, Route } from "@lichen/ports";
import { bearerCheck } from "../listen/bearer.ts";

const json = { "content-type": "application/json; charset=utf-8" };

/** `GET /health`: whether the gateway answers at all. Needs no key and tells nothing else. */
export function healthRoute(version: string): Route {
  const body = JSON.stringify({ status: "ok", version });
  return {
    method: "GET",
    path: "/health",
    async handle(_request, response) {
      response.send(200, json, body);
    },
  };
}

/** `POST /lichen/channels/close`: has every channel settled, claimed and emptied, then answers. */
export function closeRoute(gateway: HttpService & { closeChannels(): Promise<void> }, apiKey: string): Route {
  const allowed = bearerCheck(apiKey);
  return {
    method: "POST",
    path: "/lichen/channels/close",
    async handle(request, response) {
      if (!allowed(request)) return response.send(401, json, gateway.errorBody(401, "Incorrect API key."));
      await gateway.closeChannels();
      response.send(200, json, JSON.stringify({ closed: true }));
    },
  };
}

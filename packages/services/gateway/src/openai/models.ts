import type { HttpRequest, HttpResponse } from "@lichen/ports";
import type { Context } from "../context.ts";
import { sendError, sendJson } from "../http/reply.ts";
import type { MarketModel } from "../supply/market.ts";
import { errorOf } from "./error.ts";

/** `GET /v1/models`: what can be asked for at this moment. */
export async function listModels(
  { market, clock }: Context,
  _request: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  sendJson(response, 200, { object: "list", data: market.models(clock.nowMs()).map(modelObject) });
}

/** `GET /v1/models/:model`, by name or hash. */
export async function oneModel(
  { market, clock }: Context,
  { params }: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const name = params.model ?? "";
  const model = market.resolve(name, clock.nowMs());
  const found = market.models(clock.nowMs()).find((entry) => entry.model.id === model?.id);
  if (found !== undefined) return sendJson(response, 200, modelObject(found));
  sendError(
    response,
    errorOf(404, "invalid_request_error", "The model is not served here.", "model", "model_not_found"),
  );
}

/** OpenAI's model object, and what Lichen knows besides. */
function modelObject({ model, suppliers }: MarketModel): object {
  const since = Math.min(...suppliers.map(({ offer }) => offer.sequence));
  return {
    id: model.name,
    object: "model",
    created: Math.floor(since / 1000),
    owned_by: "lichen",
    lichen: {
      hash: model.id,
      contextTokens: model.contextTokens,
      providers: suppliers.map(({ offer }) => ({
        account: offer.provider,
        engine: offer.engine,
        slots: offer.slots,
        price: offer.price,
      })),
    },
  };
}

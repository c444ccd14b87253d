import { formatUnits } from "@lichen/kernel";
import type { HttpRequest, HttpResponse } from "@lichen/ports";
import { findReceipt } from "../account/receipts.ts";
import type { Context } from "../context.ts";
import { errorOf } from "../openai/error.ts";
import { sendError, sendJson } from "./reply.ts";
import { requestIdPattern } from "./request-id.ts";

/** `GET /v1/receipts/:id`: how far payment has come, and from `signed` on the receipt itself. */
export async function receipt(
  context: Context,
  { params }: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const id = params.id ?? "";
  const view = requestIdPattern.test(id) ? await findReceipt(context, id) : undefined;
  if (view === undefined) {
    return sendError(
      response,
      errorOf(404, "invalid_request_error", "There is no such receipt.", "id", "receipt_not_found"),
    );
  }
  const { symbol, decimals } = context.ledger.token;
  const { status, provider, model, leaf } = view;
  const cost = { units: leaf.costUnits, amount: formatUnits(leaf.costUnits, decimals), symbol };
  const usage = { promptTokens: leaf.promptTokens, completionTokens: leaf.completionTokens };
  const { startedAtMs, durationMs, finishReason } = leaf;
  sendJson(response, 200, {
    id,
    status,
    provider,
    model,
    cost,
    usage,
    startedAtMs,
    durationMs,
    finishReason,
    receipt: view.receipt,
  });
}

import { toLichenError, type ErrorCode } from "@lichen/kernel";

/** An error as OpenAI's API words it. */
export type OpenAiError = {
  status: number;
  body: { error: { message: string; type: string; param: string | null; code: string | null } };
};

type Kind = { status: number; type: string; code?: string };

const invalid: Kind = { status: 400, type: "invalid_request_error" };
/** What a provider did wrong. */
const badGateway: Kind = { status: 502, type: "api_error" };
const unavailable: Kind = { status: 503, type: "service_unavailable_error" };

/** How the codes that can reach a client map to HTTP; all others are our defect: 500. */
const kinds: Partial<Record<ErrorCode, Kind>> = {
  "bad-argument": invalid,
  "bad-message": badGateway,
  "bad-signature": badGateway,
  cancelled: unavailable,
  "channel-unknown": unavailable,
  closed: unavailable,
  "context-overflow": { ...invalid, code: "context_length_exceeded" },
  "deposit-exhausted": unavailable,
  "engine-failed": badGateway,
  "limit-exceeded": { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" },
  "model-unknown": { status: 404, type: "invalid_request_error", code: "model_not_found" },
  "no-credit": unavailable,
  "payment-rejected": badGateway,
  "peer-unreachable": unavailable,
  "chain-unavailable": unavailable,
  "transaction-failed": unavailable,
  "version-unsupported": badGateway,
  "voucher-stale": badGateway,
};

/** An OpenAI error for whatever was thrown; a defect's own words stay inside. */
export function openAiError(thrown: unknown, param: string | null = null): OpenAiError {
  const error = toLichenError(thrown);
  const kind = kinds[error.code];
  if (kind === undefined)
    return errorOf(500, "api_error", "Internal error; the gateway's log has the details.", null, error.code);
  const remedy = error.remedy === undefined ? "" : ` ${error.remedy}.`;
  return errorOf(
    kind.status,
    kind.type,
    `${sentence(error.message)}${remedy}`,
    param,
    kind.code ?? error.code,
  );
}

/** An OpenAI error from its parts. */
export function errorOf(
  status: number,
  type: string,
  message: string,
  param: string | null = null,
  code: string | null = null,
): OpenAiError {
  return { status, body: { error: { message, type, param, code } } };
}

const sentence = (message: string): string => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;

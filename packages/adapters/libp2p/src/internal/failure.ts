import { codes, fromUtf8, LichenError, utf8, type ErrorCode } from "@lichen/kernel";

/** Characters of a message that cross the wire. */
const messageChars = 1024;

/** An error as a peer may know it: code, message, whether a retry may help. Anything but a `LichenError` stays at home. */
export function encodeFailure(error: unknown): Uint8Array {
  if (!(error instanceof LichenError)) return failurePayload("internal", "the peer failed", false);
  return failurePayload(error.code, error.message, error.retryable);
}

/** The same without an error object, whose stack trace costs more than all the rest of a refusal. */
export function failurePayload(code: ErrorCode, message: string, retryable: boolean): Uint8Array {
  return utf8(JSON.stringify({ code, message: message.slice(0, messageChars), retryable }));
}

/** The error that a peer sent; whatever it sent. */
export function decodeFailure(payload: Uint8Array): LichenError {
  let value: { code?: unknown; message?: unknown; retryable?: unknown } | null;
  try {
    value = JSON.parse(fromUtf8(payload)) as typeof value;
  } catch (cause) {
    return new LichenError("internal", "the peer failed and did not say how", { cause });
  }
  const message =
    typeof value?.message === "string" ? value.message.slice(0, messageChars) : "the peer failed";
  const retryable = value?.retryable === true;
  if (typeof value?.code === "string" && Object.hasOwn(codes, value.code)) {
    return new LichenError(value.code as ErrorCode, message, { retryable });
  }
  return new LichenError("internal", message, {
    retryable,
    details: `unknown code ${String(value?.code).slice(0, 40)}`,
  });
}

/** The connection is or got lost: the request may or may not have been carried out. */
export function lost(peerId: string, why: string, cause?: unknown): LichenError {
  return new LichenError("peer-unreachable", `peer ${peerId}: ${why}`, { retryable: true, cause });
}

/** The asker left: nobody reads an answer any more. */
export function cancelled(): LichenError {
  return new LichenError("cancelled", "the peer cancelled the request");
}

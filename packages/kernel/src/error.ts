import type { ErrorCode } from "./codes.ts";

/** What an error tells beyond its code and message. */
export type ErrorContext = {
  /** What exactly was seen: the value, the bound, the peer. Never a secret. */
  details?: string;
  /** What the reader can do about it. */
  remedy?: string;
  /** The error underneath. */
  cause?: unknown;
  /** Whether the same call may succeed later or elsewhere. Default false. */
  retryable?: boolean;
};

/**
 * The one error class of Lichen. Codes come from the catalogue in `codes.ts`.
 *
 * @example
 * throw new LichenError("model-unknown", "no provider serves llama-3", { retryable: true });
 */
export class LichenError extends Error {
  override readonly name: string = "LichenError";
  readonly code: ErrorCode;
  readonly details: string | undefined;
  readonly remedy: string | undefined;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.details = context.details;
    this.remedy = context.remedy;
    this.retryable = context.retryable ?? false;
  }

  /** Where the code is explained. */
  get docs(): string {
    return `docs/ERRORS.md#${this.code}`;
  }
}

/** The error as a `LichenError`: itself, or wrapped under `code`. */
export function toLichenError(error: unknown, code: ErrorCode = "internal"): LichenError {
  if (error instanceof LichenError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new LichenError(code, message, { cause: error });
}

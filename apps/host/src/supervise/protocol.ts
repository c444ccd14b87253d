import { codes, LichenError, toLichenError, type ErrorCode } from "@lichen/kernel";

/**
 * What supervisor and children say to each other over Node's IPC channel: calls from above, answers
 * from below. Both ends are always of the same build, so messages carry no version.
 */
export type Call = { type: "call"; id: number; method: string; argument: unknown };

/** A child's answer to a call. */
export type Answer =
  | { type: "result"; id: number; result: unknown }
  | { type: "error"; id: number; error: PackedError };

/** An error on its way between processes. */
export type PackedError = {
  code: ErrorCode;
  message: string;
  details: string | undefined;
  remedy: string | undefined;
  retryable: boolean;
};

/** Whatever was thrown, ready to travel. */
export function packError(thrown: unknown): PackedError {
  const { code, message, details, remedy, retryable } = toLichenError(thrown);
  return { code, message, details, remedy, retryable };
}

/** The error that was packed. */
export function unpackError(packed: PackedError): LichenError {
  const { message, details, remedy, retryable } = packed;
  const code = Object.hasOwn(codes, packed.code) ? packed.code : "internal";
  return new LichenError(code, message, {
    retryable,
    ...(details === undefined ? {} : { details }),
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** What a child answers to: one argument in, one result out, both structured-cloneable. */
export type Methods = Record<string, (argument: never) => Promise<unknown>>;

/** The methods as the supervisor calls them. */
export type Remote<M extends Methods> = {
  [Name in keyof M]: (...argument: Parameters<M[Name]>) => ReturnType<M[Name]>;
};

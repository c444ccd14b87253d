import type { z } from "zod";
import { fromUtf8, LichenError, utf8 } from "@lichen/kernel";
import { assertVersion, protocolVersion } from "./version.ts";

/** A message as it travels: UTF-8 JSON with the version in member `v`; `bigint` as decimal strings. */
export function encodeMessage(message: object): Uint8Array {
  return utf8(JSON.stringify({ v: protocolVersion, ...message }, bigintAsString));
}

const bigintAsString = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);

/**
 * Bytes from a peer, parsed by the schema of what was expected.
 * @throws {LichenError} `version-unsupported` or `bad-message`, naming the member at fault
 */
export function decodeMessage<Out>(schema: z.ZodType<Out, unknown>, bytes: Uint8Array, what: string): Out {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch (cause) {
    throw new LichenError("bad-message", `${what}: not JSON`, { cause });
  }
  assertVersion((value as { v?: unknown } | null)?.v, what);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new LichenError("bad-message", `${what}: ${issue?.path.join(".") || "message"}: ${issue?.message ?? "invalid"}`);
}

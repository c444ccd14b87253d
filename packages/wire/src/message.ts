import type { z } from "zod";
import { fromUtf8, LichenError, utf8 } from "@lichen/kernel";
import { assertVersion, protocolVersion } from "./version.ts";

/** A message as it travels: UTF-8 JSON with the version in member `v`; `bigint` as decimal strings. */
export function encodeMessage(message: object): Uint8Array {
  return utf8(JSON.stringify({ ...message, v: protocolVersion }, bigintAsString));
}

const bigintAsString = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? value.toString() : value;

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
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new LichenError("bad-message", `${what}: not a JSON object`);
  }
  // The version is the envelope's: a strict schema would refuse it as a member it does not know.
  const { v, ...message } = value as { v?: unknown };
  assertVersion(v, what);
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const reason = `${issue?.path.join(".") || "message"}: ${issue?.message ?? "invalid"}`;
  // The reason may quote a stranger's member name, as long as a frame.
  throw new LichenError("bad-message", `${what}: ${reason.slice(0, 200)}`);
}

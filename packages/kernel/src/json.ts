import { LichenError } from "./error.ts";

/** What JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * JSON with sorted keys and no white space, the same bytes for the same value (RFC 8785, JSON
 * Canonicalization Scheme). Members that are `undefined` are left out, as in `JSON.stringify`.
 * @throws {LichenError} `bad-argument` on a number that JSON cannot hold, or half a surrogate pair
 * @example canonicalJson({ b: 1, a: [true] }) === '{"a":[true],"b":1}'
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new LichenError("bad-argument", `JSON has no number ${value}`);
    }
    return typeof value === "string" ? quote(value) : JSON.stringify(value);
  }
  if (isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${quote(key)}:${canonicalJson(value[key] as Json)}`);
  return `{${members.join(",")}}`;
}

function quote(text: string): string {
  if (!text.isWellFormed()) throw new LichenError("bad-argument", "text holds half a surrogate pair");
  return JSON.stringify(text);
}

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value);

/** JSON text of a value that may hold `bigint`, written as decimal strings. */
export function stringify(value: object): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "bigint" ? member.toString() : member,
  );
}

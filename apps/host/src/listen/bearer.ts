import { createHash, timingSafeEqual } from "node:crypto";
import type { HttpRequest } from "@lichen/ports";

/** A check of `Authorization: Bearer KEY` that takes the same time whatever is wrong. */
export function bearerCheck(key: string): (request: HttpRequest) => boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const expected = digest(`Bearer ${key}`);
  return (request) => timingSafeEqual(expected, digest(String(request.headers["authorization"] ?? "")));
}

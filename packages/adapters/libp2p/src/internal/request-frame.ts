import { LichenError } from "@lichen/kernel";
import { readU32, windowBytes, writeU32 } from "./frame.ts";

/** Characters in a method's name. */
const methodChars = 64;
const namePattern = /^[\w./-]{1,64}$/;
/** Names are few and fixed in a program; a bound all the same. */
const maxHeads = 256;
const heads: Map<string, Uint8Array> = new Map();

/**
 * What stands before the body of a request: initial credit and method.
 * @throws {LichenError} `bad-argument` where the name is empty, longer than 64 or not plain ASCII
 */
export function methodHead(method: string): Uint8Array {
  const known = heads.get(method);
  if (known !== undefined) return known;
  if (!namePattern.test(method)) throw new LichenError("bad-argument", `not a method's name: ${method}`);
  const head = new Uint8Array(5 + method.length);
  writeU32(head, 0, windowBytes);
  head[4] = method.length;
  for (let i = 0; i < method.length; i++) head[5 + i] = method.charCodeAt(i);
  if (heads.size < maxHeads) heads.set(method, head);
  return head;
}

/** @throws {LichenError} `bad-frame` */
export function parseRequest(payload: Uint8Array): { method: string; creditBytes: number; body: Uint8Array } {
  const nameBytes = payload[4] ?? 0;
  if (nameBytes < 1 || nameBytes > methodChars || payload.length < 5 + nameBytes) {
    throw new LichenError("bad-frame", "the peer sent a request without a method");
  }
  const bodyAt = 5 + nameBytes;
  const method = Buffer.from(payload.buffer, payload.byteOffset + 5, nameBytes).toString("latin1");
  const body = payload.subarray(bodyAt);
  return {
    method,
    creditBytes: readU32(payload, 0),
    // A small body must not keep the whole batch it came in alive for as long as its handler runs.
    body: body.length * 2 < body.buffer.byteLength ? body.slice() : body,
  };
}

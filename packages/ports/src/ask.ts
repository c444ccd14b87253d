import { LichenError } from "@lichen/kernel";
import { decodeMessage, encodeMessage } from "@lichen/wire";
import type { Network } from "./network.ts";

type Schema<Out> = Parameters<typeof decodeMessage<Out>>[0];

/**
 * Asks a peer something that has exactly one answer.
 * @throws {LichenError} `bad-message` where none came or it does not fit; whatever `Network.request` throws
 */
export async function ask<Out>(
  network: Network,
  peerId: string,
  method: string,
  message: object,
  schema: Schema<Out>,
  signal: AbortSignal,
): Promise<Out> {
  for await (const item of network.request(peerId, method, encodeMessage(message), signal)) {
    return decodeMessage(schema, item, `answer to ${method}`);
  }
  throw new LichenError("bad-message", `${method}: the peer answered nothing`, { retryable: true });
}

import type { Connection } from "@libp2p/interface";
import { multiaddr, type Multiaddr } from "@multiformats/multiaddr";
import { LichenError } from "@lichen/kernel";
import type { Node } from "./libp2p-node.ts";

/** An address as strangers write it, and the peer id it names, if any. */
export type Target = { address: Multiaddr; peerId: string | undefined };

/** @throws {LichenError} `peer-unreachable`: nobody can be reached at what is no address */
export function parseAddress(text: string): Target {
  try {
    const address = multiaddr(text);
    return { address, peerId: address.getComponents().findLast(({ name }) => name === "p2p")?.value };
  } catch (cause) {
    throw new LichenError("peer-unreachable", "not a multiaddr", { details: text.slice(0, 200), cause });
  }
}

/**
 * A connection, secured and authenticated by libp2p; a new one, or the one that exists.
 * @throws {LichenError} `peer-unreachable`, or the signal's reason
 */
export async function dial(node: Node, target: Target, signal: AbortSignal | undefined): Promise<Connection> {
  try {
    return await node.dial(target.address, signal === undefined ? {} : { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    const details = `${target.address.toString()}: ${(cause as Error).message}`;
    throw new LichenError("peer-unreachable", "nobody answers at the address", {
      details,
      cause,
      retryable: true,
    });
  }
}

/** The promise's result, or the signal's reason, whichever comes first. */
export async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  promise.catch(() => undefined);
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

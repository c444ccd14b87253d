import type { ServerResponse } from "node:http";
import type { HttpStream } from "@lichen/ports";
import { bounds } from "../bounds.ts";

/**
 * A streamed body on Node's response. `write` holds a slow reader's answer back at the socket's own
 * mark (16 KiB) instead of growing without end; a client that takes nothing for `stallMs` is cut off.
 */
export function bodyStream(
  response: ServerResponse,
  signal: AbortSignal,
  stallMs: number = bounds.stallMs,
): HttpStream {
  return {
    write(chunk) {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      if (chunk === "" || response.write(chunk)) return done;
      return drained(response, signal, stallMs);
    },
    end() {
      if (!signal.aborted) response.end();
    },
  };
}

const done = Promise.resolve();

function drained(response: ServerResponse, signal: AbortSignal, stallMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // Cutting the connection aborts the signal, which is where the waiting ends.
    const stalled = setTimeout(() => response.destroy(), stallMs);
    const onDrain = (): void => {
      clearTimeout(stalled);
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    const onAbort = (): void => {
      clearTimeout(stalled);
      response.off("drain", onDrain);
      reject(signal.reason as Error);
    };
    response.once("drain", onDrain);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

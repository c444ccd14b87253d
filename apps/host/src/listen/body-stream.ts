import type { ServerResponse } from "node:http";
import type { HttpStream } from "@lichen/ports";

/**
 * A streamed body on Node's response. `write` holds a slow reader's answer back at the socket's own
 * mark (16 KiB) instead of growing without end.
 */
export function bodyStream(response: ServerResponse, signal: AbortSignal): HttpStream {
  return {
    write(chunk) {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      if (chunk === "" || response.write(chunk)) return done;
      return drained(response, signal);
    },
    end() {
      if (!signal.aborted) response.end();
    },
  };
}

const done = Promise.resolve();

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDrain = (): void => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    const onAbort = (): void => {
      response.off("drain", onDrain);
      reject(signal.reason as Error);
    };
    response.once("drain", onDrain);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

import type { Readable } from "node:stream";
import { bounds } from "../bounds.ts";

/** Keeps the end of what a process prints, so that its death can be explained. */
export function outputTail(...streams: readonly (Readable | null)[]): () => string {
  let tail = "";
  for (const stream of streams) {
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      tail = (tail + chunk).slice(-bounds.outputBytes);
    });
  }
  return () => tail.trim();
}

import { setTimeout as sleep } from "node:timers/promises";
import { bounds } from "../bounds.ts";
import { isAlive, signalProcess } from "./process-identity.ts";
import type { RunInfo } from "./run-file.ts";

const pollMs = 50;

/**
 * Waits until the processes of a network whose supervisor was killed have ended: they notice and stop
 * by themselves. What does not within `graceMs` is killed, so that no two ever write the same state.
 *
 * @returns names of the processes that had to be killed
 */
export async function awaitOrphans(stale: RunInfo, graceMs: number = bounds.orphanMs): Promise<string[]> {
  const deadline = performance.now() + graceMs;
  while (stale.processes.some(isAlive) && performance.now() < deadline) await sleep(pollMs);
  return stale.processes.filter((each) => signalProcess(each, "SIGKILL")).map((each) => each.name);
}

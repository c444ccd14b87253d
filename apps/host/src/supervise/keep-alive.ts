import { setTimeout as sleep } from "node:timers/promises";
import { LichenError, toLichenError, type ErrorCode } from "@lichen/kernel";
import type { RunningProcess } from "../home/run-file.ts";
import { startChild, type Child } from "./child.ts";
import type { Methods } from "./protocol.ts";
import { onDeath, type DeathRecord } from "./restart.ts";

/** What happens to a supervised process. */
export type KeepAliveEvent =
  | { type: "state"; state: RunningProcess["state"] }
  | { type: "died"; reason: string; output: string; retryInMs: number }
  | { type: "given-up"; error: LichenError };

/** A process that is started again when it dies. */
export type KeptAlive<M extends Methods, Info> = {
  /** Resolves when it is ready for the first time. @throws {LichenError} when it will never be */
  readonly ready: Promise<Info>;
  /** Resolves when it is ready now: at once, or after the restart that is under way. @throws as `ready` */
  up(): Promise<void>;
  /** The process of this moment, ready or not. */
  child(): Child<M> | undefined;
  describe(): RunningProcess | undefined;
  /** Ends it for good. */
  stop(boundMs: number, hurry?: AbortSignal): Promise<void>;
};

/** What another attempt meets just the same. Anything else may be somebody else's death, such as the chain's. */
const incurable: ReadonlySet<ErrorCode> = new Set([
  "bad-argument",
  "chain-mismatch",
  "model-invalid",
  "port-in-use",
  "state-invalid",
  "unsupported-platform",
  "version-unsupported",
]);

/** A child that dies while it is being made ready ends the attempt, whatever the attempt waits for. */
async function death<M extends Methods>(child: Child<M>): Promise<never> {
  const { reason, output } = await child.ended;
  throw new LichenError("process-failed", reason, { details: output });
}

/**
 * Starts a process and keeps it: `begin` makes a fresh child ready; whenever a child dies, another
 * takes its place after the wait that `onDeath` decides. An error of `begin` that no repetition can
 * cure ends it at once.
 */
export function keepAlive<M extends Methods, Info>(
  name: string,
  role: string,
  begin: (child: Child<M>) => Promise<Info>,
  onEvent: (event: KeepAliveEvent) => void,
): KeptAlive<M, Info> {
  const stopping = new AbortController();
  const ready = Promise.withResolvers<Info>();
  // Nobody may be waiting any more when a restart fails much later.
  ready.promise.catch(() => undefined);
  let current: Child<M> | undefined;
  let state: RunningProcess["state"] = "starting";
  let restarts = 0;

  let up = Promise.withResolvers<void>();
  up.promise.catch(() => undefined);

  const become = (next: RunningProcess["state"]): void => {
    if (state === "ready" && next !== "ready") up = Promise.withResolvers<void>();
    state = next;
    if (state === "ready") up.resolve();
    onEvent({ type: "state", state });
  };

  const giveUp = (error: LichenError): void => {
    become("given-up");
    ready.reject(error);
    up.reject(error);
    up.promise.catch(() => undefined);
    onEvent({ type: "given-up", error });
  };

  /** One life of the process; returns how it ended. */
  const live = async (): Promise<{ reason: string; output: string }> => {
    const child = (current = startChild<M>(role));
    become("starting");
    try {
      ready.resolve(await Promise.race([begin(child), death(child)]));
      if (!stopping.signal.aborted) become("ready");
    } catch (thrown) {
      const error = toLichenError(thrown);
      if (incurable.has(error.code) && !stopping.signal.aborted) {
        stopping.abort();
        giveUp(error);
      }
      await child.stop(0);
      return { reason: error.message, output: error.details ?? "" };
    }
    return child.ended;
  };

  const run = async (): Promise<void> => {
    let deaths: DeathRecord = [];
    while (!stopping.signal.aborted) {
      const { reason, output } = await live();
      if (stopping.signal.aborted) break;
      const decision = onDeath(deaths, performance.now());
      deaths = decision.deaths;
      if (decision.action.type === "give-up") {
        giveUp(
          new LichenError("process-failed", `${name} died ${deaths.length} times: ${reason}`, {
            details: output,
          }),
        );
        break;
      }
      become("waiting");
      onEvent({ type: "died", reason, output, retryInMs: decision.action.waitMs });
      await sleep(decision.action.waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      restarts += 1;
    }
  };

  const running = run().catch((error: unknown) => giveUp(toLichenError(error, "process-failed")));
  return {
    ready: ready.promise,
    up: () => up.promise,
    child: () => current,
    describe: () =>
      current === undefined ? undefined : { name, pid: current.pid, ticks: current.ticks, state, restarts },
    async stop(boundMs, hurry) {
      stopping.abort();
      ready.reject(new LichenError("process-failed", `${name} was stopped before it was ready`));
      await current?.stop(boundMs, hurry);
      await running;
    },
  };
}

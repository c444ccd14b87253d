import { LichenError } from "@lichen/kernel";
import type { Clock, Log } from "@lichen/ports";

/** How often an idle ledger looks whether the chain still has what was sent. */
const watchMs = 4_000;

/**
 * Until `signal` aborts, calls `check` now and then; a chain that is away for a while is said once.
 * Never rejects.
 */
export async function watchChain(
  { clock, log }: { clock: Clock; log: Log },
  check: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let said: string | undefined;
  while (!signal.aborted) {
    try {
      await clock.sleep(watchMs, signal);
      await check();
      said = undefined;
    } catch (error) {
      if (signal.aborted) return;
      const code = error instanceof LichenError ? error.code : "internal";
      if (code !== said) log("warn", "chain.watch", { code, cause: String(error) });
      said = code;
    }
  }
}

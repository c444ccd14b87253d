import { existsSync } from "node:fs";
import { LichenError } from "@lichen/kernel";
import { openHome, type Home } from "./home.ts";
import { lockHome } from "./lock.ts";
import { awaitOrphans } from "./orphans.ts";
import { readRunFile, removeRunFile, runningNetwork } from "./run-file.ts";

/** A home that is this process's alone. */
export type ClaimedHome = { home: Home; release: () => void };

/**
 * Opens a home for one network and clears what a killed one left in it.
 *
 * @param onNote told in a line what was cleared
 * @throws {LichenError} `already-running`, naming the address of the one that runs; `state-invalid`,
 *   `version-unsupported` as `openHome`
 */
export async function claimHome(dir: string, onNote: (line: string) => void): Promise<ClaimedHome> {
  const home = openHome(dir);
  const release = lockHome(home);
  if (release === undefined) throw alreadyRunning(home);
  try {
    if (existsSync(home.runFile)) {
      const stale = readRunFile(home);
      const whose =
        stale === undefined
          ? "that is unreadable"
          : `of process ${stale.supervisor.pid}, which ended without a goodbye`;
      onNote(`Clearing the run file ${whose}`);
      const killed = stale === undefined ? [] : await awaitOrphans(stale);
      if (killed.length > 0) onNote(`Ended what it had left running: ${killed.join(", ")}`);
      removeRunFile(home);
    }
  } catch (error) {
    release();
    throw error;
  }
  return { home, release };
}

function alreadyRunning(home: Home): LichenError {
  const info = runningNetwork(home);
  const where = info?.url === undefined ? "it is starting" : `it answers at ${info.url}`;
  return new LichenError("already-running", `a network already runs in ${home.dir}`, {
    details:
      info === undefined ? "another process holds the home" : `process ${info.supervisor.pid}; ${where}`,
    remedy: "`lichen status` shows it, `lichen down` ends it, --home DIR starts another one beside it",
  });
}

import { setTimeout as sleep } from "node:timers/promises";
import { LichenError } from "@lichen/kernel";
import { bounds, homeAt, isAlive, runningNetwork, signalProcess } from "@lichen/host";
import { call } from "../client/client.ts";
import { homeDir } from "../defaults.ts";
import { exitCodes } from "../exit-codes.ts";
import { createOutput } from "../output/output.ts";
import { gatewayOf, type CommonOptions } from "./running.ts";

/** Options of `lichen down`. */
export type DownOptions = CommonOptions & { closeChannels?: boolean };

const pollMs = 50;
const closeMs = 60_000;
/** Stopping is bounded process by process; this much more for the supervisor itself. */
const graceMs = 5_000;

/** Ends the network of a home. None running is fine: that is what was wanted. */
export async function down(options: DownOptions): Promise<number> {
  const out = createOutput(options.json ?? false);
  const info = runningNetwork(homeAt(homeDir(options.home)));
  if (info === undefined) {
    out.data({ event: "stopped", wasRunning: false });
    out.line("No network runs here");
    return exitCodes.ok;
  }
  if (options.closeChannels) {
    out.line("Closing payment channels");
    await call(
      gatewayOf(options),
      "/lichen/channels/close",
      { method: "POST" },
      AbortSignal.timeout(closeMs),
    );
    out.data({ event: "channels-closed" });
  }
  signalProcess(info.supervisor, "SIGTERM");
  const { gateway, provider, chain } = bounds.stopMs;
  const deadline = performance.now() + gateway + provider + chain + graceMs;
  while (isAlive(info.supervisor)) {
    if (performance.now() > deadline) {
      throw new LichenError("process-failed", `process ${info.supervisor.pid} does not end`, {
        remedy: `kill -9 ${info.supervisor.pid}`,
      });
    }
    await sleep(pollMs);
  }
  out.data({ event: "stopped", wasRunning: true, pid: info.supervisor.pid });
  out.line("Stopped");
  return exitCodes.ok;
}

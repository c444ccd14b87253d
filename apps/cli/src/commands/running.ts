import { LichenError } from "@lichen/kernel";
import { homeAt, runningNetwork, type RunInfo } from "@lichen/host";
import type { Access } from "../client/client.ts";
import { homeDir } from "../defaults.ts";

/** Options that every command has. */
export type CommonOptions = { home?: string; json?: boolean };

/**
 * The network that runs in the home that is meant.
 * @throws {LichenError} `not-running`
 */
export function running(options: CommonOptions): RunInfo {
  const dir = homeDir(options.home);
  const info = runningNetwork(homeAt(dir));
  if (info !== undefined) return info;
  throw new LichenError("not-running", `no network runs in ${dir}`, {
    remedy: "start one with `lichen up` (or `npm start`)",
  });
}

/**
 * Its gateway.
 * @throws {LichenError} `not-running` where none runs, or it is not up yet
 */
export function gatewayOf(options: CommonOptions): Access {
  const info = running(options);
  if (info.url !== undefined && info.state === "ready") return { url: info.url, apiKey: info.apiKey };
  throw new LichenError("not-running", `the network is ${info.state}`, {
    remedy: "try again in a moment; `lichen status` shows it",
  });
}

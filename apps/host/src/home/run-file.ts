import { readFileSync, rmSync } from "node:fs";
import { z } from "zod";
import type { Home } from "./home.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { writeAtomic } from "./write-atomic.ts";

/** One process of the running network. */
export type RunningProcess = ProcessIdentity & {
  name: string;
  state: "starting" | "ready" | "waiting" | "given-up";
  restarts: number;
};

/** What the running network tells other commands. Only its owner may read it: it holds the API key. */
export type RunInfo = {
  /** Layout of this file. */
  schema: 1;
  version: string;
  state: "starting" | "ready" | "stopping";
  supervisor: ProcessIdentity;
  startedAtMs: number;
  apiKey: string;
  processes: RunningProcess[];
  /** Absent until the listener is bound, such as `http://localhost:8080`. */
  url?: string | undefined;
  /** Absent until the chain is up. */
  chain?:
    | { rpcUrl: string; chainId: number; channels: string; token: { symbol: string; decimals: number } }
    | undefined;
  model?: { file: string } | undefined;
};

const identity = { pid: z.int().positive(), ticks: z.string().min(1) };

const runInfoSchema: z.ZodType<RunInfo, unknown> = z.object({
  schema: z.literal(1),
  version: z.string(),
  state: z.enum(["starting", "ready", "stopping"]),
  supervisor: z.object(identity),
  startedAtMs: z.number(),
  apiKey: z.string(),
  processes: z.array(
    z.object({
      ...identity,
      name: z.string(),
      state: z.enum(["starting", "ready", "waiting", "given-up"]),
      restarts: z.int().nonnegative(),
    }),
  ),
  url: z.string().optional(),
  chain: z
    .object({
      rpcUrl: z.string(),
      chainId: z.int(),
      channels: z.string(),
      token: z.object({ symbol: z.string(), decimals: z.int().nonnegative() }),
    })
    .optional(),
  model: z.object({ file: z.string() }).optional(),
});

/** What the file says, whether or not it still holds; undefined where there is none or it is unreadable. */
export function readRunFile(home: Home): RunInfo | undefined {
  try {
    const parsed = runInfoSchema.safeParse(JSON.parse(readFileSync(home.runFile, "utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The network that runs in this home now; undefined where none does. */
export function runningNetwork(home: Home): RunInfo | undefined {
  const info = readRunFile(home);
  return info !== undefined && isAlive(info.supervisor) ? info : undefined;
}

export function writeRunFile(home: Home, info: RunInfo): void {
  writeAtomic(home.runFile, `${JSON.stringify(info, null, 2)}\n`);
}

export function removeRunFile(home: Home): void {
  rmSync(home.runFile, { force: true });
}

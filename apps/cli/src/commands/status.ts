import { formatUnits, toLichenError } from "@lichen/kernel";
import { z } from "zod";
import Table from "cli-table3";
import { homeAt, isAlive, residentBytes, runningNetwork, type RunInfo } from "@lichen/host";
import { get } from "../client/client.ts";
import { homeDir } from "../defaults.ts";
import { exitCodes } from "../exit-codes.ts";
import { createOutput, type Output } from "../output/output.ts";
import type { CommonOptions } from "./running.ts";

const statusMs = 5_000;

/** Shows what runs in a home. */
export async function status(options: CommonOptions): Promise<number> {
  const out = createOutput(options.json ?? false);
  const dir = homeDir(options.home);
  const info = runningNetwork(homeAt(dir));
  if (info === undefined) {
    out.data({ running: false, home: dir });
    out.line(`No network runs in ${dir}`);
    return exitCodes.notRunning;
  }
  const processes = processTable(info);
  const gateway = await gatewayStatus(info);
  const { state, version, url, supervisor, startedAtMs, chain, model } = info;
  out.data({
    running: true,
    home: dir,
    state,
    version,
    url,
    pid: supervisor.pid,
    startedAtMs,
    chain,
    model,
    processes,
    gateway,
  });
  out.line(
    `${out.style("bold", state)}${url === undefined ? "" : ` at ${url}`}, for ${duration(Date.now() - startedAtMs)}`,
  );
  out.line(out.style("dim", `home ${dir}`));
  if (chain !== undefined)
    out.line(out.style("dim", `chain ${chain.chainId} at ${chain.rpcUrl}, channels ${chain.channels}`));
  out.line(render(processes, out));
  for (const line of gatewayLines(gateway, out)) out.line(line);
  return exitCodes.ok;
}

type ProcessRow = {
  name: string;
  pid: number;
  state: string;
  restarts: number;
  residentBytes: number | undefined;
};

function processTable({ supervisor, processes }: RunInfo): ProcessRow[] {
  const own = {
    name: "supervisor",
    pid: supervisor.pid,
    state: "ready",
    restarts: 0,
    residentBytes: residentBytes(supervisor.pid),
  };
  const rows = processes.map((each) => ({
    name: each.name,
    pid: each.pid,
    state: isAlive(each) ? each.state : each.state === "given-up" ? "given-up" : "down",
    restarts: each.restarts,
    residentBytes: isAlive(each) ? residentBytes(each.pid) : undefined,
  }));
  return [own, ...rows];
}

function render(rows: readonly ProcessRow[], out: Output): string {
  const table = new Table({
    head: ["process", "pid", "state", "restarts", "memory"],
    style: { head: [], border: [] },
  });
  for (const { name, pid, state, restarts, residentBytes: bytes } of rows) {
    const shown = state === "ready" ? out.style("green", state) : out.style("yellow", state);
    table.push([name, pid, shown, restarts, bytes === undefined ? "" : `${Math.round(bytes / 2 ** 20)} MiB`]);
  }
  return table.toString();
}

/** What the gateway says of itself, or why it says nothing. */
async function gatewayStatus({ url, apiKey }: RunInfo): Promise<unknown> {
  if (url === undefined) return undefined;
  try {
    return JSON.parse(await get({ url, apiKey }, "/lichen/status", AbortSignal.timeout(statusMs)));
  } catch (thrown) {
    return { error: toLichenError(thrown).message };
  }
}

const unitsSchema = z.string().regex(/^\d+$/).transform(BigInt);
const gatewaySchema = z.object({
  account: z.string(),
  token: z.object({ symbol: z.string(), decimals: z.int().nonnegative() }),
  tokenUnits: unitsSchema,
  waiting: z.number(),
  providers: z.array(
    z.object({ account: z.string(), model: z.string(), inFlight: z.number(), available: z.boolean() }),
  ),
  channels: z.array(
    z.object({
      provider: z.string(),
      retired: z.boolean(),
      depositUnits: unitsSchema,
      promisedUnits: unitsSchema,
      claimedUnits: unitsSchema,
    }),
  ),
});

function gatewayLines(said: unknown, out: Output): string[] {
  if (said === undefined) return [];
  const parsed = gatewaySchema.safeParse(said);
  if (!parsed.success) return [`The gateway does not say how it is: ${JSON.stringify(said).slice(0, 200)}`];
  const { account, token, tokenUnits, waiting, providers, channels } = parsed.data;
  const amount = (units: bigint): string => `${formatUnits(units, token.decimals)} ${token.symbol}`;
  const table = new Table({
    head: ["provider", "model", "answering", "deposit", "promised", "claimed"],
    style: { head: [], border: [] },
  });
  for (const provider of providers) {
    const own = channels.filter((channel) => channel.provider === provider.account && !channel.retired);
    const sum = (of: "depositUnits" | "promisedUnits" | "claimedUnits"): string =>
      amount(own.reduce((total, each) => total + each[of], 0n));
    const name = provider.available ? provider.account : out.style("yellow", `${provider.account} (paused)`);
    table.push([
      name,
      provider.model,
      provider.inFlight,
      sum("depositUnits"),
      sum("promisedUnits"),
      sum("claimedUnits"),
    ]);
  }
  return [`gateway ${account} holds ${amount(tokenUnits)}, ${waiting} requests wait`, table.toString()];
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

import type { LichenError } from "@lichen/kernel";
import {
  apiKey,
  bounds,
  claimHome,
  playground,
  startNetwork,
  type NetworkEvent,
  type RunInfo,
} from "@lichen/host";
import { defaultPort, homeDir, modelFile, version } from "../defaults.ts";
import { exitCodes } from "../exit-codes.ts";
import { createOutput } from "../output/output.ts";
import { startSteps, type Steps } from "../output/steps.ts";
import { detach } from "./up/detach.ts";
import { greet } from "./up/greet.ts";
import { leaveOnSignals } from "./up/signals.ts";
import { askOnce } from "./up/ask-once.ts";

/** Options of `lichen up`, as the command line gives them. */
export type UpOptions = {
  once?: boolean;
  detach?: boolean;
  ask: boolean;
  providers: number;
  model?: string;
  host: string;
  port?: number;
  home?: string;
  json?: boolean;
};

/** Starts a network, asks it a question, keeps it running until told to stop. */
export async function up(options: UpOptions): Promise<number> {
  const out = createOutput(options.json ?? false);
  if (options.detach) return detach(options, out);
  const model = modelFile(options.model);
  const signals = leaveOnSignals(() => out.line("Stopping; once more to hurry"));
  const steps = startSteps(out);
  const { home, release } = await claimHome(homeDir(options.home), steps.note);
  try {
    warnWhereOpen(options.host, steps);
    steps.waitFor("starting");
    const network = startNetwork(
      {
        home,
        version,
        apiKey: await apiKey(home),
        providers: options.providers,
        modelFile: model,
        listen: {
          host: options.host,
          port: options.port ?? defaultPort,
          tries: options.port === undefined ? bounds.portTries : 1,
        },
        page: playground(),
      },
      (event) => report(event, steps),
    );
    try {
      const leave = signals.leave;
      const info = await firstOf(network.ready, network.failed, leave);
      if (info === undefined) return exitCodes.interrupted;
      portNote(info, options, steps);
      steps.end();
      if (options.ask) await askOnce(info, out, leave);
      if (leave.aborted) return exitCodes.interrupted;
      greet(info, home, out, options.once ? "once" : "foreground");
      if (!options.once) await firstOf(new Promise<never>(() => undefined), network.failed, leave);
      return signals.hurry.aborted ? exitCodes.interrupted : exitCodes.ok;
    } catch (error) {
      if (signals.leave.aborted) return exitCodes.interrupted;
      throw error;
    } finally {
      steps.end();
      const startedAt = performance.now();
      await network.stop(signals.hurry);
      out.data({ event: "stopped", ms: Math.round(performance.now() - startedAt) });
      out.line(out.style("dim", `Stopped after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`));
    }
  } finally {
    steps.end();
    signals.off();
    release();
  }
}

/** The value, or undefined where the signal came first. @throws what failed first */
async function firstOf<T>(
  value: Promise<T>,
  failed: Promise<LichenError>,
  leave: AbortSignal,
): Promise<T | undefined> {
  const left = Promise.withResolvers<undefined>();
  const onAbort = (): void => left.resolve(undefined);
  if (leave.aborted) onAbort();
  leave.addEventListener("abort", onAbort, { once: true });
  // A timer keeps this process awake while it only waits.
  const awake = setInterval(() => undefined, 1 << 30);
  try {
    return await Promise.race([value, left.promise, failed.then((error) => Promise.reject(error))]);
  } finally {
    clearInterval(awake);
    leave.removeEventListener("abort", onAbort);
  }
}

function report(event: NetworkEvent, steps: Steps): void {
  if (event.type === "state" && event.state === "ready") steps.done(event.name);
  if (event.type === "died") {
    steps.note(
      `${event.name} died (${event.reason}); starting it again in ${event.retryInMs} ms\n${lastLines(event.output)}`.trimEnd(),
    );
  }
  if (event.type === "given-up") steps.note(`${event.name} is given up: ${event.error.message}`);
}

const lastLines = (text: string): string =>
  text
    .split("\n")
    .slice(-4)
    .map((line) => `    ${line}`)
    .join("\n");

function warnWhereOpen(host: string, steps: Steps): void {
  if (["127.0.0.1", "::1", "localhost"].includes(host)) return;
  steps.note(
    `Listening on ${host}: whoever reaches this machine and has the key can spend; the key travels unencrypted`,
  );
}

function portNote(info: RunInfo, options: UpOptions, steps: Steps): void {
  const port = Number(new URL(info.url ?? "").port);
  if (options.port === undefined && port !== defaultPort)
    steps.note(`Port ${defaultPort} is in use, so the gateway listens on ${port}`);
}

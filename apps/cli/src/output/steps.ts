import ora from "ora";
import type { Output } from "./output.ts";

/** Progress of things that happen side by side. */
export type Steps = {
  /** Says that a step was taken. */
  done: (name: string, note?: string) => void;
  /** Says something worth a line that is no step. */
  note: (text: string) => void;
  /** What is being waited for now. */
  waitFor(text: string): void;
  end(): void;
};

/** A spinner on a terminal, plain lines elsewhere; JSON objects with `--json`. */
export function startSteps(out: Output): Steps {
  const startedAt = performance.now();
  const seconds = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  const fancy = !out.json && spins(process.stdout, process.env) && spins(process.stderr, process.env);
  // Reading the terminal would swallow Ctrl-C.
  const spinner = fancy ? ora({ discardStdin: false, stream: process.stderr }) : undefined;
  const line = (text: string): void => {
    const waiting = spinner?.isSpinning;
    spinner?.stop();
    out.line(text);
    if (waiting) spinner?.start();
  };
  return {
    done(name, note = "") {
      out.data({
        event: "step",
        name,
        ms: Math.round(performance.now() - startedAt),
        ...(note === "" ? {} : { note }),
      });
      line(
        `${out.style("green", "✔")} ${name.padEnd(12)} ${out.style("dim", seconds().padStart(7))}  ${note}`.trimEnd(),
      );
    },
    note(text) {
      out.data({ event: "note", text });
      line(`${out.style("yellow", "!")} ${text}`);
    },
    waitFor(text) {
      if (spinner !== undefined) spinner.start(text);
    },
    end() {
      spinner?.stop();
    },
  };
}

/**
 * Whether a spinner can be drawn. A terminal without a size, as programs that drive one often make,
 * would send it into an endless loop.
 */
export function spins(
  { isTTY, columns }: Pick<NodeJS.WriteStream, "isTTY" | "columns">,
  env: NodeJS.ProcessEnv,
): boolean {
  return isTTY && columns > 0 && env["TERM"] !== "dumb";
}

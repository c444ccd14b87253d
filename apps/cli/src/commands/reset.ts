import { createInterface } from "node:readline/promises";
import { LichenError } from "@lichen/kernel";
import { homeAt, homeExists, lockHome, removeHome } from "@lichen/host";
import { homeDir } from "../defaults.ts";
import { exitCodes } from "../exit-codes.ts";
import { createOutput } from "../output/output.ts";
import type { CommonOptions } from "./running.ts";

/** Options of `lichen reset`. */
export type ResetOptions = CommonOptions & { yes?: boolean };

/** Removes a home: keys, chain, channels, receipts, logs. Asks first. */
export async function reset(options: ResetOptions): Promise<number> {
  const out = createOutput(options.json ?? false);
  const home = homeAt(homeDir(options.home));
  if (!homeExists(home)) {
    removeHome(home);
    out.data({ event: "reset", home: home.dir, existed: false });
    out.line(`There is nothing in ${home.dir}`);
    return exitCodes.ok;
  }
  const release = lockHome(home);
  if (release === undefined) {
    throw new LichenError("already-running", `a network runs in ${home.dir}`, {
      remedy: "end it first with `lichen down`",
    });
  }
  try {
    if (!options.yes && !(await agreed(home.dir))) {
      out.data({ event: "reset", home: home.dir, refused: true });
      out.line("Nothing was removed");
      return exitCodes.failed;
    }
  } finally {
    release();
  }
  removeHome(home);
  out.data({ event: "reset", home: home.dir, existed: true });
  out.line(`Removed ${home.dir}`);
  return exitCodes.ok;
}

async function agreed(dir: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new LichenError("bad-argument", "there is nobody to ask whether to remove the home", {
      details: dir,
      remedy: "say so with --yes",
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(
      `Remove ${dir} with its keys, chain, channels and receipts? [y/N] `,
    );
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

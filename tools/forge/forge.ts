import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** The repository; forge runs here, since the contracts import from its node_modules. */
export const rootPath: string = join(import.meta.dirname, "..", "..");

/**
 * Runs forge from npm on the contracts, compiling with `solc` from npm, offline. Rejects when forge is
 * missing; resolves with its exit code otherwise, 128 + signal number when a signal ended it.
 *
 * @example
 * process.exitCode = await forge(["test", "--match-contract", "ChannelsTest"]);
 */
export async function forge(args: string[]): Promise<number> {
  const path = join(rootPath, "node_modules/@foundry-rs/forge-linux-amd64/bin/forge");
  if (!existsSync(path)) throw new Error(`forge is not installed at ${path}: run npm install on Linux x64`);
  const [command, ...rest] = args;
  const child = spawn(path, command === undefined ? [] : [command, "--root", rootPath, ...rest], {
    cwd: rootPath,
    stdio: "inherit",
    env: {
      ...process.env,
      // solc.mjs asks `env` for node: let it find this one.
      PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
      FOUNDRY_CONFIG: join(rootPath, "contracts/foundry.toml"),
      FOUNDRY_SOLC: join(rootPath, "tools/forge/solc.mjs"),
      FOUNDRY_OFFLINE: "true",
    },
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

if (import.meta.main) process.exitCode = await forge(process.argv.slice(2));

import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LichenError } from "@lichen/kernel";

/** Root of the clone that this command belongs to. */
export const rootDir: string = fileURLToPath(new URL("../../../", import.meta.url));

/** This build's version. */
export const version: string = (
  JSON.parse(readFileSync(join(rootDir, "package.json"), "utf8")) as { version: string }
).version;

/** Where a question goes when no port is named. */
export const defaultPort = 8080;
export const defaultProviders = 3;

/** The home to use: the option, else `LICHEN_HOME`, else `.lichen` in the clone. */
export function homeDir(option: string | undefined): string {
  const named = option ?? (process.env["LICHEN_HOME"] || undefined);
  return named === undefined ? join(rootDir, ".lichen") : resolve(named.replace(/^~(?=\/|$)/, homedir()));
}

const magic = "GGUF";

/**
 * The model file to serve: the option, or the largest that comes with Lichen.
 * @throws {LichenError} `model-invalid` where there is none or it is no GGUF file
 */
export function modelFile(option: string | undefined): string {
  const path = option === undefined ? bundledModel() : resolve(option);
  try {
    if (readFirst(path, magic.length) === magic) return path;
  } catch (cause) {
    throw new LichenError("model-invalid", `the model file ${path} cannot be read`, {
      details: (cause as Error).message,
      remedy: "name a readable file with --model FILE.gguf",
      cause,
    });
  }
  throw new LichenError("model-invalid", `${path} is not a GGUF file`, {
    details: `it does not begin with ${magic}`,
    remedy: "name a model in GGUF format with --model FILE.gguf",
  });
}

function bundledModel(): string {
  const dir = join(rootDir, "models");
  const files = names(dir)
    .filter((name) => name.endsWith(".gguf"))
    .map((name) => join(dir, name))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  const largest = files[0];
  if (largest !== undefined) return largest;
  throw new LichenError("model-invalid", "this clone has no bundled model", {
    details: `no .gguf file in ${dir}`,
    remedy: "name one with --model FILE.gguf",
  });
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function readFirst(path: string, bytes: number): string {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(bytes);
    readSync(file, buffer);
    return buffer.toString("latin1");
  } finally {
    closeSync(file);
  }
}

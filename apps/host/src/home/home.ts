import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { LichenError } from "@lichen/kernel";
import { writeAtomic } from "./write-atomic.ts";

/** Layout of a home. Raised by any change that an older build would misread. */
export const homeSchema = 1;

/** Where one local network keeps everything: keys, chain, what services remember, logs. */
export type Home = {
  readonly dir: string;
  readonly keys: string;
  readonly logs: string;
  readonly chain: string;
  /** What can be found out again at any time. */
  readonly cache: string;
  readonly runFile: string;
  readonly lockFile: string;
  /** State of one service, such as `provider-1`. */
  service(name: string): string;
};

const marker = "home.json";
const ours =
  /^(?:keys|logs|chain|cache|gateway|provider-\d+|run\.json|lock\.db(?:-\w+)?|home\.json)(?:\.\d+\.tmp)?$/;

/** Paths of a home, which need not exist. */
export function homeAt(dir: string): Home {
  const root = resolve(dir);
  return Object.freeze({
    dir: root,
    keys: join(root, "keys"),
    logs: join(root, "logs"),
    chain: join(root, "chain"),
    cache: join(root, "cache"),
    runFile: join(root, "run.json"),
    lockFile: join(root, "lock.db"),
    service: (name: string) => join(root, name),
  });
}

/** Whether there is a home, readable or not. */
export function homeExists(home: Home): boolean {
  return read(join(home.dir, marker)) !== undefined;
}

/**
 * Opens a home, or makes one where there is nothing yet.
 * @throws {LichenError} `state-invalid` where the directory is something else, unreadable or unwritable;
 *   `version-unsupported` where a newer build made it
 */
export function openHome(dir: string): Home {
  const home = homeAt(dir);
  try {
    mkdirSync(home.dir, { recursive: true, mode: 0o700 });
    const text = read(join(home.dir, marker));
    if (text === undefined) {
      assertEmpty(home.dir);
      writeAtomic(join(home.dir, marker), `${JSON.stringify({ schema: homeSchema })}\n`);
    } else {
      assertSchema(home.dir, text);
    }
    for (const path of [home.keys, home.logs, home.chain, home.cache])
      mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    if (cause instanceof LichenError) throw cause;
    throw new LichenError("state-invalid", `the home ${home.dir} cannot be used`, {
      details: (cause as Error).message,
      remedy: "see that it belongs to you and is writable, or name another one with --home DIR",
      cause,
    });
  }
  return home;
}

/**
 * Removes what Lichen keeps in a home and nothing else; the directory too where it is empty then.
 * @throws {LichenError} `state-invalid` where the directory is not a home
 */
export function removeHome(home: Home): void {
  const names = list(home.dir);
  if (names.length === 0) return;
  if (!names.includes(marker)) throw notAHome(home.dir);
  // The marker goes last: cut in the middle, it is still a home that can be removed.
  for (const name of names.filter((each) => ours.test(each) && each !== marker)) {
    rmSync(join(home.dir, name), { recursive: true, force: true });
  }
  rmSync(join(home.dir, marker), { force: true });
  if (list(home.dir).length === 0) rmSync(home.dir, { recursive: true, force: true });
}

function assertSchema(dir: string, text: string): void {
  let schema: unknown;
  try {
    schema = (JSON.parse(text) as { schema?: unknown } | null)?.schema;
  } catch {
    schema = undefined;
  }
  if (schema === homeSchema) return;
  const remedy = "`lichen reset` removes it with everything in it; --home DIR names another one";
  if (typeof schema === "number" && schema > homeSchema) {
    throw new LichenError("version-unsupported", `the home ${dir} was made by a newer Lichen`, {
      details: `it has layout ${schema}, this build reads ${homeSchema}`,
      remedy: `use the newer build; ${remedy}`,
    });
  }
  throw new LichenError("state-invalid", `the home ${dir} is damaged`, {
    details: `${marker} does not name its layout`,
    remedy,
  });
}

function assertEmpty(dir: string): void {
  if (list(dir).some((name) => !ours.test(name))) throw notAHome(dir);
}

function notAHome(dir: string): LichenError {
  return new LichenError("state-invalid", `${dir} holds other files and is not a home of Lichen`, {
    remedy: "name an empty or a new directory with --home DIR",
  });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function list(dir: string): string[] {
  try {
    return statSync(dir).isDirectory() ? readdirSync(dir) : [];
  } catch {
    return [];
  }
}

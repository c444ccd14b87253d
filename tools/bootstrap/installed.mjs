import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** @typedef {"prod" | "dev"} Mode which dependencies are installed; "dev" includes "prod" */

const stampPath = (root) => join(root, "node_modules", ".lichen-install.json");

/**
 * What node_modules holds of the lock file: everything ("dev"), what running needs ("prod"), or not even
 * that (null). The stamp answers in a millisecond; without one (somebody called npm directly) the record
 * that npm writes at the end of an installation is compared package by package.
 *
 * @param {string} root
 * @returns {Mode | null}
 */
export function installed(root) {
  const stamp = readJson(stampPath(root));
  if (stamp?.lockHash === lockHash(root)) return stamp.mode === "dev" ? "dev" : "prod";
  const present = readJson(join(root, "node_modules", ".package-lock.json"))?.packages;
  if (present === undefined) return null;
  const has = ([path, entry]) => matches(root, path, entry, present[path]);
  const mode = wanted(root, "dev").every(has) ? "dev" : wanted(root, "prod").every(has) ? "prod" : null;
  if (mode !== null) stampInstalled(root, mode);
  return mode;
}

/**
 * Writes the stamp. Last step of an installation: one that was interrupted has none.
 *
 * @param {string} root
 * @param {Mode} mode
 */
export function stampInstalled(root, mode) {
  const temporary = `${stampPath(root)}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify({ lockHash: lockHash(root), mode }) + "\n");
  renameSync(temporary, stampPath(root));
}

/** Removes the stamp. First step of an installation. @param {string} root */
export function clearStamp(root) {
  rmSync(stampPath(root), { force: true });
}

/** The hash of package-lock.json. @param {string} root */
export function lockHash(root) {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

/**
 * What the lock file wants installed here: path and entry of each package.
 *
 * @param {string} root
 * @param {Mode} mode
 * @returns {[string, Record<string, any>][]}
 */
export function wanted(root, mode) {
  const packages = readJson(join(root, "package-lock.json"))?.packages ?? {};
  return Object.entries(packages).filter(([path, entry]) => {
    // Workspaces are sources; what they need is listed apart from them.
    if (!path.includes("node_modules/")) return false;
    // A link is wanted as much as its target. Those to nothing (see "overrides") stand for unused packages.
    const target = entry.link ? packages[entry.resolved] : entry;
    if (target?.version === undefined) return false;
    if (mode === "prod" && (target.dev || target.optional || target.devOptional)) return false;
    const fits = (list, value) => list === undefined || list.includes(value);
    return fits(target.os, process.platform) && fits(target.cpu, process.arch) && fits(target.libc, "glibc");
  });
}

function matches(root, path, wanted, present) {
  if (present === undefined || present.version !== wanted.version) return false;
  if (present.integrity !== wanted.integrity) return false;
  return existsSync(join(root, path));
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

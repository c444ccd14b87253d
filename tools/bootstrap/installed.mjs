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
  const wanted = readJson(join(root, "package-lock.json"))?.packages;
  const present = readJson(join(root, "node_modules", ".package-lock.json"))?.packages;
  if (wanted === undefined || present === undefined) return null;
  const has = ([path, entry]) => matches(root, path, entry, present[path]);
  const needed = Object.entries(wanted).filter(([path, entry]) => isInstalledHere(path, entry));
  const mode = needed.every(has)
    ? "dev"
    : needed.filter(([, entry]) => isProd(entry)).every(has)
      ? "prod"
      : null;
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

/** How many packages the lock file wants here. @param {string} root @param {Mode} mode */
export function packageCount(root, mode) {
  const wanted = Object.entries(readJson(join(root, "package-lock.json"))?.packages ?? {});
  return wanted.filter(
    ([path, entry]) => !entry.link && isInstalledHere(path, entry) && (mode === "dev" || isProd(entry)),
  ).length;
}

const isProd = (entry) => !entry.dev && !entry.optional && !entry.devOptional;

/** npm skips optional packages for other machines; workspaces are sources, not installed packages. */
function isInstalledHere(path, entry) {
  if (!path.includes("node_modules/")) return false;
  // The target of a link, which npm records where it stands in no package's folder.
  if (entry.version === undefined && !entry.link) return false;
  const fits = (list, value) => list === undefined || list.includes(value);
  return fits(entry.os, process.platform) && fits(entry.cpu, process.arch) && fits(entry.libc, "glibc");
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

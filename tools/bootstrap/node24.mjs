import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** The Node that Lichen runs on. */
export const nodeMajor = 24;

/** Where npm puts it. @param {string} root */
export const nodePath = (root) => join(root, "node_modules", ".bin", "node");

/**
 * Why the installed Node does not run here, with what to do, or null.
 *
 * @param {string} root
 * @returns {string | null}
 */
export function nodeProblem(root) {
  const path = nodePath(root);
  const { error, stdout, stderr, signal } = spawnSync(path, ["-v"], { encoding: "utf8", timeout: 30_000 });
  const version = stdout?.trim() ?? "";
  if (version.startsWith(`v${nodeMajor}.`)) return null;
  const wanted = `Lichen runs on the Node ${nodeMajor} that npm installs as ${path}`;
  if (/GLIBC/.test(stderr ?? ""))
    return `${wanted}, but this system's C library is too old for it:\n${stderr.trim()}`;
  if (error?.code === "EACCES")
    return `${wanted}, but it may not be executed: is the file system mounted noexec?`;
  const seen = error?.code ?? signal ?? (version === "" ? "no answer" : version);
  return `${wanted}, but that gives ${seen}.\nRemove node_modules and run the same command again.`;
}

/** Why no official build of Node can run here, or null: they all need glibc. */
export function libcProblem() {
  const { header } = process.report.getReport();
  if (header.glibcVersionRuntime !== undefined) return null;
  return (
    "This system uses musl libc (as Alpine does); Lichen's Node, chain and engine are built for glibc.\n" +
    "Use Debian, Ubuntu, Fedora or another system with glibc, or a container of one."
  );
}

import { join } from "node:path";
import { clearStamp, installed, stampInstalled, wanted } from "./installed.mjs";
import { withLock } from "./lock.mjs";
import { libcProblem, nodeProblem } from "./node24.mjs";
import { npmArgs } from "./npm-args.mjs";
import { npm } from "./npm.mjs";
import { users } from "./users.mjs";

/** Where bootstraps meet. Outside node_modules, which npm empties. */
export const meetingPath = (root) => join(root, ".tmp", "bootstrap");

/**
 * Makes node_modules hold what `mode` needs, and checks that the Node in it runs. What is there already
 * stays: a start after a test keeps the tools, a test after a start adds them. Rejects with a message for
 * people.
 *
 * @param {string} root
 * @param {"prod" | "dev"} mode
 * @returns {Promise<void>}
 */
export async function ensureInstalled(root, mode) {
  if (suffices(installed(root), mode)) return;
  const problem = libcProblem();
  if (problem !== null) throw new Error(problem);
  const wait = (pid) => process.stderr.write(`Another command (process ${pid}) is installing: waiting.\n`);
  await withLock(join(meetingPath(root), "install.lock"), wait, async () => {
    const present = installed(root);
    if (suffices(present, mode)) return;
    if (present === null) refuseWhileUsed(root);
    clearStamp(root);
    await npm(root, npmArgs(mode, present), `Installing ${wanted(root, mode).length} packages`);
    const failure = nodeProblem(root);
    if (failure !== null) throw new Error(failure);
    stampInstalled(root, mode);
  });
}

const suffices = (present, mode) => present === "dev" || present === mode;

function refuseWhileUsed(root) {
  const [user] = users(join(meetingPath(root), "users"));
  if (user === undefined) return;
  throw new Error(
    `The dependencies have changed and must be installed anew, but "${user.command}" (process ${user.pid}) ` +
      "is running on the old ones.\nEnd it first (Ctrl-C in its terminal, or npx lichen down), then run this again.",
  );
}

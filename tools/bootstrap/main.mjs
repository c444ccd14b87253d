import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "./child.mjs";
import { commands } from "./commands.mjs";
import { ensureInstalled, meetingPath } from "./install.mjs";
import { register } from "./users.mjs";

const rootPath = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Installs what the command needs and runs it on Lichen's own Node; resolves with the exit code.
 *
 * @param {string[]} args the command's name and its arguments
 * @returns {Promise<number>}
 */
export async function main([name, ...args]) {
  const command = Object.hasOwn(commands, name ?? "") ? commands[name] : undefined;
  if (command === undefined) {
    const list = Object.entries(commands).map(([key, { help }]) => `  ${key.padEnd(12)} ${help}`);
    process.stderr.write(`Unknown command: ${name ?? "(none)"}. There are:\n${list.join("\n")}\n`);
    return 2;
  }
  let release = () => {};
  try {
    await ensureInstalled(rootPath, command.needs);
    release = register(
      join(meetingPath(rootPath), "users"),
      name === "start" ? "npm start" : `npm run ${name}`,
    );
    return await runChild(rootPath, command.argv(args), rootPath);
  } catch (error) {
    if (error.signal !== undefined) return 128 + constants.signals[error.signal];
    process.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    release();
  }
}

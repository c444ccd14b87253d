/**
 * @typedef {object} Command
 * @property {"prod" | "dev"} needs which dependencies must be installed
 * @property {(args: string[]) => string[]} argv what Node 24 is started with
 * @property {string} help one line
 */

const runner = "tools/test/run.ts";

/** What `node tools/bootstrap.mjs NAME` runs. @type {Readonly<Record<string, Command>>} */
export const commands = Object.freeze({
  start: {
    needs: "prod",
    argv: (args) => ["apps/cli/src/main.ts", "up", ...args],
    help: "start a whole network and ask it a question",
  },
  test: { needs: "dev", argv: (args) => [runner, ...args], help: "every check and test" },
  "test:long": { needs: "dev", argv: (args) => [runner, "--long", ...args], help: "the long tests" },
  check: {
    needs: "dev",
    argv: (args) => [runner, "--only", "format,lint,types,imports,generated", ...args],
    help: "everything that needs no test run",
  },
  lint: { needs: "dev", argv: (args) => [runner, "--only", "lint", ...args], help: "oxlint with types" },
  types: { needs: "dev", argv: (args) => [runner, "--only", "types", ...args], help: "the type check" },
  format: {
    needs: "dev",
    argv: (args) => ["node_modules/oxfmt/bin/oxfmt", ...args],
    help: "rewrite in format",
  },
  bench: { needs: "dev", argv: (args) => ["tools/bench.ts", ...args], help: "one benchmark by name" },
  "docs:errors": {
    needs: "dev",
    argv: (args) => ["tools/docs/errors.ts", ...args],
    help: "write docs/ERRORS.md",
  },
  node: { needs: "dev", argv: (args) => args, help: "Lichen's own Node on a file: node FILE [ARGS]" },
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { npmArgs } from "../bootstrap/npm-args.mjs";
import { rootPath } from "./exec.ts";

const run = promisify(execFile);

/** One of each major version that people have; they differ in how they treat install scripts. */
const npmVersions = ["10.9.9", "11.21.2", "12.2.0"];
const installTimeoutMs = 600_000;

/** npm keeps what it has downloaded, so only the first of these fetches anything. */
const npmx = ["--yes", "--prefer-offline", "--loglevel=error"];

for (const version of npmVersions) {
  describe(`npm ${version}`, () => {
    let dir = "";
    let lock = "";
    before(() => {
      dir = mkdtempSync(join(tmpdir(), `lichen-npm-${version}-`));
      const manifests = globSync(["package.json", "{packages,apps,tools}/**/package.json"], {
        cwd: rootPath,
        exclude: (name) => name === "node_modules" || name === "fixtures",
      });
      // The bin of a workspace is linked only if its file is there.
      for (const path of [...manifests, "package-lock.json", ".npmrc", "apps/cli/bin/lichen.mjs"]) {
        cpSync(join(rootPath, path), join(dir, path));
      }
      lock = readFileSync(join(dir, "package-lock.json"), "utf8");
    });
    after(() => rmSync(dir, { recursive: true, force: true }));

    it(
      "installs what running needs, without a word and without a script",
      { timeout: installTimeoutMs },
      async ({ signal }) => {
        const args = [...npmx, `npm@${version}`, ...npmArgs("prod", null), "--prefer-offline"];
        const { stderr } = await run("npx", args, { cwd: dir, env: cleanEnv(), signal });
        assert.equal(stderr, "");
        const { stdout: node } = await run(join(dir, "node_modules/.bin/node"), ["-v"]);
        assert.match(node, /^v24\./);
        const { stdout: anvil } = await run(join(dir, "node_modules/.bin/anvil"), ["--version"]);
        assert.match(anvil, /^anvil /);
        const addon = globSync("node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/*.node", {
          cwd: dir,
        })[0];
        assert.ok(addon !== undefined, "llama.cpp is missing");
        // A native module that does not fit this system fails here.
        const load = "process.dlopen({ exports: {} }, process.argv[1])";
        await run(join(dir, "node_modules/.bin/node"), ["-e", load, join(dir, addon)]);
        assert.ok(existsSync(join(dir, "node_modules/.bin/lichen")));
        // Development tools are not needed to run.
        assert.ok(!existsSync(join(dir, "node_modules/typescript")));
        const after = readFileSync(join(dir, "package-lock.json"), "utf8");
        assert.equal(after, lock, "npm has rewritten the lock file");
      },
    );
  });
}

/** Without what an outer npm passes on to its scripts: its settings and its place. */
function cleanEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
}

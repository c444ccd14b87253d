#!/usr/bin/env node
// `lichen` on whatever Node the shell finds: hands over to the clone's own Node. The one place that reaches
// out of its package, for what the bootstrap knows already.
import { existsSync } from "fs";
import { fileURLToPath } from "url";
import { refusal } from "../../../tools/bootstrap/refuse.mjs";

const rootPath = fileURLToPath(new URL("../../..", import.meta.url));
const reason = refusal(process.platform, process.arch, process.versions.node);
if (reason !== null) {
  process.stderr.write(reason + "\n");
  process.exitCode = 1;
} else if (!existsSync(rootPath + "node_modules/.bin/node")) {
  process.stderr.write("Lichen is not installed yet: run npm start in " + rootPath + "\n");
  process.exitCode = 1;
} else {
  void import("../../../tools/bootstrap/child.mjs")
    .then((module) =>
      module.runChild(
        rootPath,
        [rootPath + "apps/cli/src/main.ts"].concat(process.argv.slice(2)),
        process.cwd(),
      ),
    )
    .then((code) => {
      process.exitCode = code;
    });
}

// The entry of every npm script. Plain JavaScript without dependencies: it must run before anything is
// installed, on whatever Node the machine has. This file and refuse.mjs keep to syntax that Node 12 can
// parse, so that an old Node reads a sentence instead of a SyntaxError.
import { refusal } from "./bootstrap/refuse.mjs";

const reason = refusal(process.platform, process.arch, process.versions.node);
if (reason === null) {
  void import("./bootstrap/main.mjs")
    .then((module) => module.main(process.argv.slice(2)))
    .then((code) => {
      process.exitCode = code;
    });
} else {
  process.stderr.write(reason + "\n");
  process.exitCode = 1;
}

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { bounds } from "./bounds.ts";
import { openFileLog } from "./log.ts";

test("a log stays within its bound and starts a new file each run", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "lichen-log-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const file = openFileLog(dir, "x", 1_000);
  for (let i = 0; i < 60; i++) file.log("info", "thing.happened", { i });
  file.close();
  const names = readdirSync(dir).sort();
  assert.deepEqual(names, ["x.1.log", "x.2.log", "x.log"]);
  assert.equal(names.length, bounds.logFiles);
  for (const name of names) assert.ok(statSync(join(dir, name)).size <= 1_000);
  const last = JSON.parse(readFileSync(join(dir, "x.log"), "utf8").trim().split("\n").at(-1) ?? "") as Record<
    string,
    unknown
  >;
  assert.equal(last["event"], "thing.happened");
  assert.equal(last["i"], 59);

  const next = openFileLog(dir, "x");
  next.log("warn", "run.began");
  next.close();
  assert.match(readFileSync(join(dir, "x.log"), "utf8"), /^\{[^\n]*run\.began[^\n]*\}\n$/);
  assert.match(readFileSync(join(dir, "x.1.log"), "utf8"), /"i":59/);
});

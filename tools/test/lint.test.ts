import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { rootPath } from "./exec.ts";

describe("oxlint", () => {
  let dir = "";
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "lichen-lint-"));
    for (const name of [".oxlintrc.json", "tsconfig.json", "package.json"]) {
      cpSync(join(rootPath, name), join(dir, name));
    }
    symlinkSync(join(rootPath, "node_modules"), join(dir, "node_modules"));
    mkdirSync(join(dir, "packages"));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const lint = (text: string): { code: number | null; rules: string[] } => {
    writeFileSync(join(dir, "packages/a.test.ts"), text);
    const args = [join(rootPath, "node_modules/oxlint/bin/oxlint"), "--format=json", "packages"];
    const { status, stdout } = spawnSync(process.execPath, args, {
      cwd: dir,
      encoding: "utf8",
      timeout: 60_000,
    });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string }[] };
    return { code: status, rules: diagnostics.map(({ code }) => code) };
  };

  it("reports a promise that nobody waits for", () => {
    const text = `const later = async (): Promise<void> => {};\nlater();\n`;
    assert.deepEqual(lint(text), { code: 1, rules: ["typescript(no-floating-promises)"] });
  });

  it("knows that node:test waits for its own", () => {
    const text = `import test, { after, before, describe, it, suite } from "node:test";
before(() => {});
after(() => {});
test("a", async () => {});
it("b", async () => {});
describe("c", () => {});
suite("d", () => {});
`;
    assert.deepEqual(lint(text), { code: 0, rules: [] });
  });
});

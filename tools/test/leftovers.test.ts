import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { runVariable } from "./exec.ts";
import { killLeftovers, leftovers } from "./leftovers.ts";

describe("leftovers", () => {
  it("finds a detached process whose parent has ended, kills it, and no other", async () => {
    const id = `test-${process.pid}`;
    const env = { ...process.env, [runVariable]: id };
    // The shell ends at once; what it leaves behind belongs to nobody.
    const shell = spawn("sh", ["-c", "sleep 60 & echo $!"], { env, detached: true });
    const [line] = (await once(shell.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    await once(shell, "exit");
    const other = spawn("sleep", ["60"], { env: { ...process.env, [runVariable]: `${id}0` } });
    try {
      const found = leftovers(id);
      assert.deepEqual(
        found.map((left) => left.pid),
        [pid],
      );
      assert.match(found[0]?.command ?? "", /sleep 60/);
      killLeftovers(found);
      for (let round = 0; round < 100 && leftovers(id).length > 0; round++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.deepEqual(leftovers(id), []);
      assert.equal(other.exitCode, null);
      assert.equal(leftovers(`${id}0`).length, 1);
    } finally {
      other.kill("SIGKILL");
    }
  });
});

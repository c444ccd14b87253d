import assert from "node:assert/strict";
import test from "node:test";
import { place, startMs, stopMs } from "./cli.ts";

test(
  "up --detach leaves a network behind, down ends it, and a failure of the one behind is told in front",
  { timeout: 2 * startMs },
  async (t) => {
    const here = place(t);
    const up = here.run("up", "--detach", "--providers", "1", "--json");
    assert.equal(await up.exit(startMs), 0, up.output());
    const ready = up.said().find((each) => each.event === "ready");
    const headers = { authorization: `Bearer ${String(ready?.["apiKey"])}` };
    assert.equal((await fetch(`${String(ready?.["baseUrl"])}/models`, { headers })).status, 200);
    assert.ok(up.said().some((each) => each.event === "answer"));
    assert.ok(here.alive().length >= 5);

    const second = here.run("up", "--detach", "--json");
    assert.equal(await second.exit(stopMs), 1);
    assert.equal(second.said().find((each) => each.event === "error")?.["code"], "already-running");

    const down = here.run("down");
    assert.equal(await down.exit(2 * stopMs), 0, down.output());
    assert.deepEqual(here.alive(), []);
  },
);

import assert from "node:assert/strict";
import test from "node:test";
import { spins } from "./steps.ts";

test("a spinner is drawn on a real terminal only", () => {
  assert.equal(spins({ isTTY: true, columns: 80 }, {}), true);
  assert.equal(spins({ isTTY: true, columns: 0 }, {}), false);
  assert.equal(spins({ isTTY: true, columns: 80 }, { TERM: "dumb" }), false);
  assert.equal(spins({ isTTY: false, columns: 80 }, {}), false);
});

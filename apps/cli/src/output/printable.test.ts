import assert from "node:assert/strict";
import test from "node:test";
import { printable } from "./printable.ts";

test("what a stranger writes cannot speak to the terminal", () => {
  const hostile = "\u001b]0;title\u0007\u001b[2J\u009b1A\rover\u202etxt\u2066\u0000";
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  assert.doesNotMatch(printable(hostile), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e\u2066]/);
  assert.equal(printable("Grüße,\n\tπ 🌿 — ok"), "Grüße,\n\tπ 🌿 — ok");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { codes } from "./codes.ts";
import { LichenError, toLichenError } from "./error.ts";

test("an error carries what its reader needs", () => {
  const cause = new Error("below");
  const error = new LichenError("model-unknown", "no provider", {
    remedy: "start one",
    retryable: true,
    cause,
  });
  assert.equal(error.name, "LichenError");
  assert.equal(error.docs, "docs/ERRORS.md#model-unknown");
  assert.equal(error.cause, cause);
  assert.equal(error.retryable, true);
  assert.equal(new LichenError("internal", "x").retryable, false);
  assert.ok(!("cause" in new LichenError("internal", "x")));
});

test("a foreign error is wrapped once", () => {
  const own = new LichenError("bad-frame", "x");
  assert.equal(toLichenError(own, "internal"), own);
  const foreign = new TypeError("y");
  const wrapped = toLichenError(foreign, "engine-failed");
  assert.deepEqual([wrapped.code, wrapped.message, wrapped.cause], ["engine-failed", "y", foreign]);
  assert.equal(toLichenError("thrown text").message, "thrown text");
});

test("the catalogue is in order and each code explains itself", () => {
  assert.deepEqual(Object.keys(codes), Object.keys(codes).toSorted());
  for (const [code, meaning] of Object.entries(codes)) {
    assert.match(code, /^[a-z]+(?:-[a-z]+)*$/);
    assert.match(meaning, /^[A-Z].*\.$/);
  }
});

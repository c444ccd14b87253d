import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusal } from "./refuse.mjs";
import { remedy } from "./remedy.mjs";

describe("refusal", () => {
  it("lets Linux x64 with Node 20 and later through", () => {
    for (const version of ["20.0.0", "22.12.0", "24.1.0", "100.0.0"]) {
      assert.equal(refusal("linux", "x64", version), null);
    }
  });

  it("names every other platform", () => {
    for (const [platform, arch] of [
      ["darwin", "arm64"],
      ["win32", "x64"],
      ["linux", "arm64"],
      ["freebsd", "x64"],
    ]) {
      assert.match(refusal(platform, arch, "24.1.0"), new RegExp(`this machine is ${platform}-${arch}`));
    }
  });

  it("names an old Node", () => {
    for (const version of ["18.20.4", "9.0.0", "0.12.0", ""]) {
      assert.match(refusal("linux", "x64", version), /needs Node 20/);
    }
  });
});

describe("remedy", () => {
  const cases = [
    ["npm error code ENOSPC\nnpm error nospc write", /disk is full/],
    ["npm error code ENOTFOUND\nnpm error network request failed", /cannot reach/],
    ["npm error code EAI_AGAIN", /cannot reach/],
    ["npm error code E407\nnpm error 407 Proxy Authentication Required", /password/],
    ["npm error code SELF_SIGNED_CERT_IN_CHAIN", /NODE_EXTRA_CA_CERTS/],
    ["npm error code EACCES\nnpm error syscall mkdir", /may not write/],
    ["npm error code EROFS", /may not write/],
    ["npm error code EUSAGE", /disagree/],
    ["npm error code EINTEGRITY", /damaged/],
    ["npm error code ETARGET", /lacks a package/],
    ["Error: spawn npm ENOENT", /no npm/],
    ["something else", /safe/],
  ];
  for (const [output, expected] of cases) {
    it(output.split("\n")[0], () => assert.match(remedy(output), expected));
  }
});

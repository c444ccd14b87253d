import { describe, it } from "node:test";
import { killAndCheck } from "./run.ts";

describe("a network whose processes are killed", () => {
  it("loses no signed window and pays nothing twice (5 kills)", { timeout: 300_000 }, async () => {
    await killAndCheck(Number(process.env["LICHEN_SEED"] ?? 1), 5);
  });
});

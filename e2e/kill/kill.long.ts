import { describe, it } from "node:test";
import { killAndCheck } from "./run.ts";

describe("a network whose processes are killed", () => {
  for (let seed = 101; seed <= 105; seed++) {
    it(
      `loses no signed window and pays nothing twice (10 kills, seed ${seed})`,
      { timeout: 900_000 },
      async () => {
        await killAndCheck(seed, 10);
      },
    );
  }
});

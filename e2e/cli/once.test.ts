import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { place, startMs, stopMs } from "./cli.ts";

test(
  "up --once starts everything, gets an answer, sees it paid on the chain, and leaves nothing running",
  { timeout: 2 * startMs },
  async (t) => {
    const here = place(t);
    const command = here.run("up", "--once", "--json", "--port", "0");
    assert.equal(await command.exit(startMs + stopMs), 0, command.output());
    const steps = command
      .said()
      .filter((each) => each.event === "step")
      .map((each) => each["name"]);
    assert.deepEqual(new Set(steps), new Set(["chain", "gateway", "provider-1", "provider-2", "provider-3"]));
    const [answer] = command.said().filter((each) => each.event === "answer");
    assert.ok(answer !== undefined);
    assert.ok(String(answer["text"]).length > 0);
    assert.ok((answer["completionTokens"] as number) > 0);
    const about = answer["lichen"] as { provider: string; cost: { units: string } };
    assert.match(about.provider, /^0x[0-9a-f]{40}$/);
    assert.ok(BigInt(about.cost.units) > 0n);
    const [payment] = command.said().filter((each) => each.event === "payment");
    assert.equal(payment?.["status"], "paid");
    assert.match(String(payment?.["transaction"]), /^0x[0-9a-f]{64}$/);
    assert.deepEqual(here.alive(), []);
    assert.equal(existsSync(join(here.home, "run.json")), false);
  },
);

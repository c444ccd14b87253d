import assert from "node:assert/strict";
import test from "node:test";
import { place, startMs, stopMs, until } from "./cli.ts";

test(
  "kill -9 of the supervisor leaves no process; the next start clears its traces, keeps its money, and Ctrl-C ends all",
  { timeout: 3 * startMs },
  async (t) => {
    const here = place(t);
    const first = here.run("up", "--json", "--port", "0", "--providers", "1");
    const before = await first.event("ready", startMs);
    assert.ok(here.alive().length >= 5, "supervisor, chain, anvil, provider, gateway");
    first.child.kill("SIGKILL");
    await until(() => here.alive().length === 0, stopMs, "the children notice and stop");

    const second = here.run("up", "--json", "--port", "0", "--providers", "1");
    const ready = await second.event("ready", startMs);
    const notes = second
      .said()
      .filter((each) => each.event === "note")
      .map((each) => String(each["text"]));
    assert.equal(
      notes.filter((text) => text.startsWith(`Clearing the run file of process ${first.child.pid}`)).length,
      1,
    );
    assert.equal(ready["apiKey"], before["apiKey"]);

    const status = here.run("status", "--json");
    assert.equal(await status.exit(stopMs), 0);
    const gateway = status.said()[0]?.["gateway"] as { channels: { promisedUnits: string }[] };
    assert.equal(gateway.channels.length, 1, "the channel of the first life is used on");

    // A terminal's Ctrl-C reaches the whole group: supervisor, children, anvil.
    process.kill(-(second.child.pid as number), "SIGINT");
    assert.equal(await second.exit(stopMs), 0, second.output());
    assert.deepEqual(here.alive(), []);
    assert.deepEqual(
      second.said().filter((each) => String(each["text"]).includes("died")),
      [],
    );
  },
);

test(
  "a provider that is killed comes back, the gateway goes on answering",
  { timeout: 2 * startMs },
  async (t) => {
    const here = place(t);
    const up = here.run("up", "--json", "--port", "0", "--providers", "2", "--no-ask");
    await up.event("ready", startMs);
    const processes = async (): Promise<{ name: string; pid: number; state: string; restarts: number }[]> => {
      const status = here.run("status", "--json");
      assert.equal(await status.exit(stopMs), 0);
      return status.said()[0]?.["processes"] as Awaited<ReturnType<typeof processes>>;
    };
    const victim = (await processes()).find((each) => each.name === "provider-1");
    assert.ok(victim !== undefined);
    process.kill(victim.pid, "SIGKILL");
    const chat = here.run("chat", "Speak!", "--json", "--max-tokens", "8");
    assert.equal(await chat.exit(startMs), 0, chat.output());
    await until(
      () => up.said().filter((each) => each["name"] === "provider-1").length === 2,
      startMs,
      "it is ready again",
    );
    const revived = (await processes()).find((each) => each.name === "provider-1");
    assert.equal(revived?.restarts, 1);
    assert.notEqual(revived?.pid, victim.pid);

    up.child.kill("SIGTERM");
    assert.equal(await up.exit(stopMs), 0, up.output());
    assert.deepEqual(here.alive(), []);
  },
);

test("Ctrl-C while it starts ends all with 130", { timeout: startMs }, async (t) => {
  const here = place(t);
  const up = here.run("up", "--json", "--port", "0", "--providers", "1");
  await until(() => here.alive().length >= 3, startMs, "children are there");
  process.kill(-(up.child.pid as number), "SIGINT");
  assert.equal(await up.exit(stopMs), 130, up.output());
  assert.deepEqual(here.alive(), []);
});

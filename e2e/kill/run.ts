import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { createSeededRandom } from "@lichen/ports/memory";
import { checkMoney, untilSettled } from "./check-money.ts";
import { removeHome, startTestNetwork, type TestNetwork } from "../network.ts";
import { startTraffic } from "./traffic.ts";

const providers = 3;
/** Answers between a recovery and the next kill, at most; the seed says how many. */
const answersBetween = 12;
const recoverMs = 90_000;

/**
 * Kills processes of a working network, one after the other, at points that the seed picks, and then
 * holds the two ends' books and the chain against each other.
 */
export async function killAndCheck(seed: number, kills: number): Promise<void> {
  const random = createSeededRandom(seed);
  const below = (bound: number): number => new DataView(random.bytes(4).buffer).getUint32(0) % bound;
  const events: string[] = [];
  const killed: string[] = [];
  const network = await startTestNetwork(providers, events);
  const traffic = startTraffic(network, 6);
  try {
    await traffic.more(10, recoverMs);
    let victims: string[] = [];
    for (let i = 0; i < kills; i++) {
      if (victims.length === 0)
        victims = [
          "gateway",
          "chain",
          "anvil",
          ...Array.from({ length: providers }, (_, n) => `provider-${n + 1}`),
        ];
      const [victim] = victims.splice(below(victims.length), 1) as [string];
      await traffic.more(1 + below(answersBetween), recoverMs);
      await sleep(below(50));
      await kill(network, victim);
      killed.push(victim);
      await traffic.more(3, recoverMs);
    }
    await traffic.stop();
    await untilSettled(network);
    const chain = await network.reader();
    const claimed = await checkMoney.onChain(network, chain);
    await checkMoney.receipts(network, traffic.acknowledged);
    await chain.stop();
    await network.stop();
    await checkMoney.books(network, claimed);
  } catch (error) {
    const said = events.slice(-20).join("\n");
    const failures = JSON.stringify([...traffic.failures]);
    throw new Error(
      `seed ${seed}, killed ${killed.join(", ")}; client failures ${failures}\n${said}\nlogs: ${network.home.logs}`,
      { cause: error },
    );
  } finally {
    await traffic.stop();
    await network.stop();
  }
  assert.equal(killed.length, kills);
  await removeHome(network);
}

/** Kills a process once it is up; one that is still coming back is waited for. */
async function kill(network: TestNetwork, victim: string): Promise<void> {
  for (const started = performance.now(); performance.now() - started < recoverMs; await sleep(50)) {
    const pid = network.pids().get(victim);
    if (pid === undefined) continue;
    process.kill(pid, "SIGKILL");
    return;
  }
  throw new Error(`${victim} did not come up within ${recoverMs} ms`);
}

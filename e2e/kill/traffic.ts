import type { TestNetwork } from "../network.ts";

/** Clients that ask again and again until told to stop, through every outage. */
export type Traffic = {
  /** Ids of answers that arrived whole, with their receipt. */
  acknowledged: string[];
  /** Requests that failed, by the kind of failure; outages make some. */
  failures: Map<string, number>;
  /** Resolves when `count` more answers have arrived. */
  more(count: number, withinMs: number): Promise<void>;
  stop(): Promise<void>;
};

const pauseAfterFailureMs = 100;
const requestMs = 30_000;

export function startTraffic({ url, apiKey }: TestNetwork, clients: number): Traffic {
  const acknowledged: string[] = [];
  const failures = new Map<string, number>();
  let stopped = false;
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };

  async function client(number: number): Promise<void> {
    for (let i = 0; !stopped; i++) {
      const body = JSON.stringify({
        model: "lichen-shakespeare-300k",
        max_tokens: 4,
        messages: [{ role: "user", content: `client ${number}, request ${i}` }],
      });
      try {
        const response = await fetch(`${url}/v1/chat/completions`, {
          method: "POST",
          headers,
          body,
          signal: AbortSignal.timeout(requestMs),
        });
        const answer: any = await response.json();
        if (response.status !== 200) throw new Error(`${response.status} ${answer.error?.code}`);
        acknowledged.push(answer.lichen.request);
      } catch (error) {
        const kind = error instanceof Error ? error.message : String(error);
        failures.set(kind, (failures.get(kind) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, pauseAfterFailureMs));
      }
    }
  }

  const running = Promise.all(Array.from({ length: clients }, (_, i) => client(i)));
  return {
    acknowledged,
    failures,
    async more(count, withinMs) {
      const goal = acknowledged.length + count;
      for (const started = performance.now(); acknowledged.length < goal;) {
        if (performance.now() - started > withinMs)
          throw new Error(`no ${count} answers within ${withinMs} ms; ${JSON.stringify([...failures])}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}

import { Pool } from "undici";

/** What a run of requests showed. */
export type Load = { rps: number; p50Ms: number; p99Ms: number; failures: number };

const body = JSON.stringify({
  model: "constant-delay",
  messages: [
    { role: "system", content: "You answer in as few words as you can." },
    {
      role: "user",
      content: "What is the answer to the ultimate question of life, the universe, and everything?",
    },
  ],
  max_tokens: 16,
});

/** `clients` clients, each asking again as soon as it is answered, for `seconds`. */
export async function load(port: number, clients: number, seconds: number): Promise<Load> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: clients, pipelining: 1 });
  const headers = { authorization: "Bearer sk-bench", "content-type": "application/json" };
  const tookMs: number[] = [];
  let failures = 0;
  const until = performance.now() + seconds * 1000;
  const started = performance.now();
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      const sentAt = performance.now();
      const { statusCode, body: answer } = await pool.request({
        method: "POST",
        path: "/v1/chat/completions",
        headers,
        body,
      });
      const text = await answer.text();
      if (statusCode === 200 && text.includes("Forty-two.")) tookMs.push(performance.now() - sentAt);
      else if (failures++ === 0) process.stderr.write(`${statusCode} ${text.slice(0, 300)}\n`);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const elapsedS = (performance.now() - started) / 1000;
  await pool.close();
  tookMs.sort((a, b) => a - b);
  const at = (share: number): number => tookMs[Math.floor(share * tookMs.length)] ?? Number.NaN;
  return { rps: tookMs.length / elapsedS, p50Ms: at(0.5), p99Ms: at(0.99), failures };
}

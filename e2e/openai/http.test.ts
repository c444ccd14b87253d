import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { removeHome, startTestNetwork, type TestNetwork } from "../network.ts";

/** What a hostile or broken client does to the socket. The network must answer the next one all the same. */
describe("bad HTTP clients", { timeout: 240_000 }, () => {
  let network: TestNetwork;
  let port: number;
  before(async () => {
    network = await startTestNetwork(1, []);
    port = Number(new URL(network.url).port);
  });
  after(async () => {
    await network.stop();
    await removeHome(network);
  });

  const chat = (
    body: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const options = {
        port,
        method: "POST",
        path: "/v1/chat/completions",
        headers: { authorization: `Bearer ${network.apiKey}`, ...headers },
      };
      const sent = request(options, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  const good = JSON.stringify({
    model: "lichen-shakespeare-300k",
    max_tokens: 4,
    messages: [{ role: "user", content: "hi" }],
  });
  const stillServes = async (): Promise<void> => assert.equal((await chat(good)).status, 200);

  it("an oversized body is refused with 413, in OpenAI's format", async () => {
    const { status, text } = await chat(`{"x":"${"a".repeat(2 << 20)}"}`);
    assert.equal(status, 413);
    assert.equal(JSON.parse(text).error.type, "invalid_request_error");
    await stillServes();
  });

  it("malformed JSON is a 400", async () => {
    const { status, text } = await chat('{"model":');
    assert.equal(status, 400);
    assert.equal(JSON.parse(text).error.code, "invalid_json");
  });

  it("an unknown path and a wrong method say so", async () => {
    const unknown = await fetch(`${network.url}/v1/nothing`);
    assert.equal(unknown.status, 404);
    assert.ok(((await unknown.json()) as any).error.message);
    assert.equal((await fetch(`${network.url}/v1/chat/completions`)).status, 405);
  });

  it("something that is not HTTP is hung up on", async () => {
    const said = await new Promise<string>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => socket.write("\0\0\0 hello\r\n\r\n"));
      let text = "";
      socket.on("data", (data) => (text += data.toString()));
      socket.on("close", () => resolve(text));
    });
    assert.match(said, /^HTTP\/1\.1 400/);
    await stillServes();
  });

  it("sockets cut in the middle of body or answer leave nothing behind", async () => {
    for (let i = 0; i < 20; i++) {
      const socket = connect(port, "127.0.0.1", () => {
        const body = JSON.stringify({ ...JSON.parse(good), max_tokens: 200, stream: true });
        const length = i % 2 === 0 ? body.length : body.length + 50;
        socket.write(
          `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${network.apiKey}\r\ncontent-length: ${length}\r\n\r\n${body}`,
        );
        setTimeout(() => socket.destroy(), 20 + 10 * i);
      });
      socket.on("error", () => {});
    }
    await sleep(1_000);
    await stillServes();
    const headers = { authorization: `Bearer ${network.apiKey}` };
    for (let waited = 0; ; waited += 100) {
      const { waiting, providers }: any = await (
        await fetch(`${network.url}/lichen/status`, { headers })
      ).json();
      if (waiting === 0 && providers.every(({ inFlight }: { inFlight: number }) => inFlight === 0)) break;
      assert.ok(waited < 20_000, "requests of clients that left are still running");
      await sleep(100);
    }
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { test, type TestContext } from "node:test";
import { LichenError } from "@lichen/kernel";
import { createRpc, RpcRefusal } from "./rpc.ts";
import { realClock, withCode } from "./testing.ts";

/** An address where `answer` answers, with the number of questions so far. */
async function serve(t: TestContext, answer: RequestListener): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    answer(request, response);
  }).listen(0, "127.0.0.1");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, asked: () => asked };
}

const rpcTo = (...urls: string[]) => createRpc({ clock: realClock }, { urls, timeoutMs: 300, attempts: 3 });
const json =
  (value: object): RequestListener =>
  (_request, response) =>
    void response.end(JSON.stringify(value));

test("the next address is asked when one fails", async (t) => {
  const broken = await serve(t, (_request, response) => void response.writeHead(502).end("bad gateway"));
  const good = await serve(t, json({ jsonrpc: "2.0", id: 1, result: "0x7" }));
  assert.equal(await rpcTo(broken.url, good.url).call("eth_chainId"), "0x7");
  assert.deepEqual([broken.asked(), good.asked()], [1, 1]);
});

test("silence, broken JSON and throttling are unavailability, after a bounded number of tries", async (t) => {
  const answers: RequestListener[] = [
    () => {},
    (_request, response) => void response.end("{"),
    json({ jsonrpc: "2.0", id: 1 }),
    json({ error: { code: -32005, message: "limit exceeded" } }),
    (request) => void request.socket.destroy(),
  ];
  for (const answer of answers) {
    const { url, asked } = await serve(t, answer);
    await assert.rejects(
      rpcTo(url).call("eth_chainId"),
      (error) => error instanceof LichenError && error.code === "chain-unavailable" && error.retryable,
    );
    assert.equal(asked(), 3);
  }
});

test("a refusal is passed on at once, with what the revert returned wherever the node puts it", async (t) => {
  for (const data of ["0x1234", { data: "0x1234" }, { data: { data: "0x1234" } }]) {
    const { url, asked } = await serve(t, json({ error: { code: 3, message: "execution reverted", data } }));
    await assert.rejects(
      rpcTo(url).call("eth_call"),
      (error) => error instanceof RpcRefusal && error.data === "0x1234",
    );
    assert.equal(asked(), 1);
  }
});

test("no secret of an address is told", async () => {
  const call = rpcTo("http://127.0.0.1:9/v3/secret-key").call("eth_chainId");
  await assert.rejects(call, withCode("chain-unavailable", /^eth_chainId at 127\.0\.0\.1:9$/));
});

test("an abort ends the waiting with its reason", async (t) => {
  const { url } = await serve(t, () => {});
  const reason = new Error("enough");
  const call = rpcTo(url).call("eth_chainId", [], AbortSignal.any([AbortSignal.abort(reason)]));
  await assert.rejects(call, reason);
});

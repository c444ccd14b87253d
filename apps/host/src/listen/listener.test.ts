import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import test, { type TestContext } from "node:test";
import { limits } from "@lichen/kernel";
import type { HttpRequest, HttpResponse, HttpService, Log } from "@lichen/ports";
import { createListener, type Listener } from "./listener.ts";

type Seen = { level: string; event: string };
type Setup = { port: number; listener: Listener; log: Seen[] };

async function listen(
  t: TestContext,
  handle: (request: HttpRequest, response: HttpResponse) => Promise<void>,
): Promise<Setup> {
  const seen: Seen[] = [];
  const log: Log = (level, event) => seen.push({ level, event });
  const listener = createListener(log);
  const service: HttpService = {
    routes: [
      { method: "POST", path: "/echo", handle },
      { method: "GET", path: "/things/:id", handle },
    ],
    errorBody: (status, message) => JSON.stringify({ error: { status, message } }),
  };
  const port = await listener.bind({ host: "127.0.0.1", port: 0, tries: 1 });
  await listener.mount(service);
  t.after(() => listener.stop());
  return { port, listener, log: seen };
}

const echo = async (request: HttpRequest, response: HttpResponse): Promise<void> =>
  response.send(200, { "content-type": "text/plain" }, request.params["id"] ?? request.body);

/** Sends bytes as they are and collects what comes back until the other side hangs up, or for `ms`. */
function raw(port: number, bytes: string, ms = 2_000): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setTimeout(ms, () => socket.destroy());
    socket.on("data", (chunk) => (got += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(got));
  });
}

test("bodies arrive whole whatever their content type, parameters decoded", async (t) => {
  const { port } = await listen(t, echo);
  const url = `http://127.0.0.1:${port}`;
  for (const type of ["application/json", "text/plain", "application/x-unheard-of"]) {
    const answer = await fetch(`${url}/echo`, {
      method: "POST",
      body: '{"a": "ü"',
      headers: { "content-type": type },
    });
    assert.equal(await answer.text(), '{"a": "ü"');
  }
  assert.match(
    await raw(port, "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi"),
    /\r\n\r\nhi$/,
  );
  assert.equal(await (await fetch(`${url}/things/a%20b?x=1`)).text(), "a b");
});

test("wrong path, wrong method, oversized and broken requests get an error of their own", async (t) => {
  const { port } = await listen(t, echo);
  const url = `http://127.0.0.1:${port}`;
  const status = async (path: string, init?: RequestInit): Promise<number> => {
    const answer = await fetch(url + path, init);
    const body = (await answer.json()) as { error: { status: number } };
    assert.equal(body.error.status, answer.status);
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
    return answer.status;
  };
  assert.equal(await status("/nowhere"), 404);
  assert.equal(await status("/echo"), 405);
  assert.equal(await status("/echo", { method: "OPTIONS" }), 405);
  assert.equal(await status("/things/%ff"), 400);
  const largest = await fetch(`${url}/echo`, { method: "POST", body: "x".repeat(limits.httpBodyBytes) });
  assert.equal((await largest.text()).length, limits.httpBodyBytes);
  assert.equal(await status("/echo", { method: "POST", body: "x".repeat(limits.httpBodyBytes + 1) }), 413);
  assert.equal(
    await status("/echo", { method: "POST", body: "{}", headers: { "content-type": "nonsense" } }),
    415,
  );
  assert.match(await raw(port, "nonsense\r\n\r\n"), /^HTTP\/1.1 400 /);
  assert.match(
    await raw(port, `GET /things/1 HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1.1 431 /,
  );
  const chunked = `${(limits.httpBodyBytes + 1).toString(16)}\r\n${"x".repeat(limits.httpBodyBytes + 1)}\r\n0\r\n\r\n`;
  assert.match(
    await raw(port, `POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunked}`),
    /^HTTP\/1.1 413 /,
  );
});

test("a defect is a 500 without its text, and is logged", async (t) => {
  const { port, log } = await listen(t, async () => {
    throw new Error("secret");
  });
  const answer = await fetch(`http://127.0.0.1:${port}/things/1`);
  assert.equal(answer.status, 500);
  assert.doesNotMatch(await answer.text(), /secret/);
  assert.deepEqual(log, [{ level: "error", event: "http.defect" }]);
});

test(
  "a slow reader holds its own answer back, and leaving ends the write",
  { timeout: 10_000 },
  async (t) => {
    const ended = Promise.withResolvers<{ written: number; error: unknown }>();
    const { port } = await listen(t, async (_request, response) => {
      const stream = response.stream(200, { "content-type": "text/plain" });
      let written = 0;
      try {
        // 256 MiB: more than any socket buffer takes.
        for (; written < 4_096; written++) await stream.write("x".repeat(65_536));
      } catch (error) {
        ended.resolve({ written, error });
        throw error;
      }
      ended.resolve({ written, error: undefined });
    });
    const socket = net.connect(port, "127.0.0.1", () =>
      socket.write("GET /things/1 HTTP/1.1\r\nhost: x\r\n\r\n"),
    );
    socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    socket.destroy();
    const { written, error } = await ended.promise;
    assert.ok(written < 1_000, `${written} chunks were written to a reader that read none`);
    assert.equal((error as { code?: string }).code, "peer-unreachable");
  },
);

test("a client that goes away aborts the request", { timeout: 10_000 }, async (t) => {
  const aborted = Promise.withResolvers<void>();
  const { port, log } = await listen(t, async (request, response) => {
    response.stream(200, {});
    await new Promise<void>((resolve) => request.signal.addEventListener("abort", () => resolve()));
    aborted.resolve();
  });
  const request = http.get({ port, host: "127.0.0.1", path: "/things/1" }, () => request.destroy());
  request.on("error", () => undefined);
  await aborted.promise;
  assert.deepEqual(log, []);
});

test("stopping lets an answer end and takes no new one", { timeout: 10_000 }, async (t) => {
  const go = Promise.withResolvers<void>();
  const { port, listener } = await listen(t, async (_request, response) => {
    const stream = response.stream(200, {});
    await stream.write("first ");
    await go.promise;
    await stream.write("last");
    stream.end();
  });
  const answer = await fetch(`http://127.0.0.1:${port}/things/1`);
  const stopped = listener.stop();
  await assert.rejects(fetch(`http://127.0.0.1:${port}/things/1`));
  go.resolve();
  assert.equal(await answer.text(), "first last");
  await stopped;
});

test("before it is mounted it says that it is starting; a used port names its owner", async (t) => {
  const first = createListener(() => undefined);
  t.after(() => first.stop());
  const port = await first.bind({ host: "127.0.0.1", port: 0, tries: 1 });
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 503);
  const second = createListener(() => undefined);
  t.after(() => second.stop());
  await assert.rejects(
    second.bind({ host: "127.0.0.1", port, tries: 1 }),
    (error: { code?: string; details?: string }) => {
      assert.equal(error.code, "port-in-use");
      assert.match(error.details ?? "", new RegExp(`process ${process.pid} `));
      return true;
    },
  );
  assert.ok((await second.bind({ host: "127.0.0.1", port, tries: 20 })) > port);
});

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { it } from "node:test";
import { bodyStream } from "./body-stream.ts";

it("a client that takes nothing of its answer is cut off", { timeout: 20_000 }, async () => {
  const outcome = Promise.withResolvers<string>();
  const server = createServer((_request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort(new Error("cut off")));
    const body = bodyStream(response, gone.signal, 200);
    const fill = async (): Promise<void> => {
      for (;;) await body.write("x".repeat(65_536));
    };
    fill().catch((error: unknown) => outcome.resolve((error as Error).message));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  assert.equal(await outcome.promise, "cut off");
  socket.destroy();
  server.close();
});

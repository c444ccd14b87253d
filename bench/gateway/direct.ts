import { createServer } from "node:http";
import { constantDelayEngine } from "./engine.ts";
import { configured, serveUsage, tell } from "./node.ts";

serveUsage();

// The rival: the same engine behind the least HTTP server there is. No network, no money, no proof.
const { delayMs } = await configured();
const engine = constantDelayEngine(delayMs);

async function complete(body: string): Promise<string> {
  const { messages, max_tokens } = JSON.parse(body);
  const sampling = { maxTokens: max_tokens, temperature: 1, topP: 1, seed: 1, stop: [] };
  let content = "";
  for await (const event of engine.generate({ messages, sampling }, new AbortController().signal)) {
    if (event.type === "tokens") content += event.text;
  }
  return JSON.stringify({
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  });
}

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    void complete(body).then((text) =>
      response.writeHead(200, { "content-type": "application/json" }).end(text),
    );
  });
});
server.listen(
  0,
  "127.0.0.1",
  () => void tell({ ready: true, port: (server.address() as { port: number }).port }),
);

import type { Home, RunInfo } from "@lichen/host";
import type { Output } from "../../output/output.ts";

/** Says how to use the network that runs; the last line is there to be pasted. */
export function greet(
  info: RunInfo,
  home: Home,
  out: Output,
  how: "once" | "foreground" | "background",
): void {
  const { url = "", apiKey, startedAtMs } = info;
  const page = `${url}/#key=${apiKey}`;
  const totalMs = Date.now() - startedAtMs;
  out.data({
    event: "ready",
    url,
    baseUrl: `${url}/v1`,
    apiKey,
    playground: page,
    home: home.dir,
    totalMs,
    pid: process.pid,
  });
  if (how === "once") return;
  const end =
    how === "foreground"
      ? "Ctrl-C stops the network"
      : "the network runs on in the background; `lichen down` ends it";
  out.line();
  out.line(`${out.style("bold", "Playground")}  ${out.style("cyan", page)}`);
  out.line(`${out.style("dim", `Logs and state in ${home.dir}; ${end}`)}`);
  out.line();
  out.line(out.style("bold", "Any OpenAI client can use it now:"));
  out.line(`export OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${apiKey}`);
}

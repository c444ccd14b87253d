import { LichenError } from "@lichen/kernel";
import { keepCompiled } from "../compile-cache.ts";
import { packError, type Answer, type Call, type Methods } from "./protocol.ts";

/**
 * The child's end: answers the supervisor's calls until the supervisor lets go or is gone, then stops
 * and ends the process. A signal to the whole group (a terminal's Ctrl-C, a service manager's stop)
 * reaches every process of it; only the supervisor decides what it means, and in which order to stop.
 *
 * @param stop undoes whatever has been done, also in the middle of a start
 * @param stopMs bound of an orderly stop; then the process ends anyway
 */
export function serveParent(methods: Methods, stop: () => Promise<void>, stopMs: number): void {
  const ignored = (): void => undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ignored);
  // Whoever read our output is gone: there is nobody left to tell.
  process.stdout.on("error", ignored);
  process.stderr.on("error", ignored);

  const end = (code: number): void => {
    setTimeout(() => process.exit(code), stopMs).unref();
    stop().then(
      () => process.exit(code),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once("disconnect", () => end(0));
  if (!process.connected) return end(0);

  process.on("message", (message) => {
    const { id, method, argument } = message as Call;
    const answer = (reply: Answer): void => {
      if (process.connected) process.send?.(reply);
    };
    void (async () => {
      const act = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (act === undefined) throw new LichenError("internal", `no method ${method}`);
      return act(argument as never);
    })().then(
      (result) => {
        answer({ type: "result", id, result });
        // Whoever is killed later has at least not compiled in vain.
        keepCompiled();
      },
      (error: unknown) => answer({ type: "error", id, error: packError(error) }),
    );
  });
}

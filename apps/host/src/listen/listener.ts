import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import fastify, { type FastifyError, type FastifyInstance } from "fastify";
import { LichenError, limits } from "@lichen/kernel";
import type { HttpService, Log, Route } from "@lichen/ports";
import { bounds } from "../bounds.ts";
import { exchange, sendJson } from "./exchange.ts";
import { listenAt, type ListenAt } from "./port.ts";

/** The one HTTP listener of a process. */
export type Listener = {
  /** Binds the port; until `mount`, every request gets 503. Resolves with the port. */
  bind(at: ListenAt): Promise<number>;
  /** Answers from now on with these routes and this service's error bodies. Once. */
  mount(service: HttpService, more?: readonly Route[]): Promise<void>;
  /** Takes no more connections, lets answers end for `bounds.drainMs`, then cuts them. */
  stop(): Promise<void>;
};

const sweepMs = 20;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Creates a listener that mounts services' routes; fastify routes and bounds, services answer on Node's objects. */
export function createListener(log: Log): Listener {
  let answer: Answer = (_request, response) => {
    response.setHeader("retry-after", "1");
    sendJson(
      response,
      503,
      JSON.stringify({ error: { message: "starting", type: "server_error", param: null, code: "starting" } }),
    );
  };
  const server = createServer(
    {
      headersTimeout: bounds.headersMs,
      requestTimeout: bounds.requestMs,
      keepAliveTimeout: bounds.keepAliveMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16_384,
      noDelay: true,
    },
    (request, response) => answer(request, response),
  );
  server.maxConnections = bounds.connections;
  server.on("drop", () => log("warn", "http.connection-dropped", { bound: bounds.connections }));
  let app: FastifyInstance | undefined;
  let fastifyAnswer = answer;

  return {
    bind: (at) => listenAt(server, at),
    async mount(service, more = []) {
      if (app !== undefined) throw new LichenError("internal", "a listener mounts once");
      app = fastify({
        bodyLimit: limits.httpBodyBytes,
        routerOptions: { ignoreTrailingSlash: false, maxParamLength: 256 },
        exposeHeadRoutes: false,
        // The server is ours and listens already; fastify only answers.
        serverFactory: (handler) => {
          fastifyAnswer = handler;
          return server;
        },
        frameworkErrors: (error, _request, reply) => {
          reply.hijack();
          sendJson(
            reply.raw,
            error.statusCode ?? 400,
            service.errorBody(error.statusCode ?? 400, "the request's address is malformed"),
          );
        },
      });
      configure(app, service, [...service.routes, ...more], log);
      await app.ready();
      server.removeAllListeners("clientError");
      server.on("clientError", (error, socket) => refuseBroken(error, socket as Socket, service));
      answer = fastifyAnswer;
    },
    async stop() {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // A connection whose answer ends only now would be kept for the next request.
      const sweep = setInterval(() => server.closeIdleConnections(), sweepMs);
      const cut = setTimeout(() => server.closeAllConnections(), bounds.drainMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(cut);
      await app?.close();
    },
  };
}

function configure(app: FastifyInstance, service: HttpService, routes: readonly Route[], log: Log): void {
  const errorBody = (status: number, message: string): string => service.errorBody(status, message);
  app.removeAllContentTypeParsers();
  // Whatever it says it is: the service parses the bytes itself.
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => {
        reply.hijack();
        void exchange(route, request.raw, reply.raw, request, errorBody, log);
      },
    });
  }
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    const message =
      error.code === "FST_ERR_CTP_BODY_TOO_LARGE"
        ? `the body is larger than ${limits.httpBodyBytes} bytes`
        : status < 500
          ? error.message
          : "internal error";
    if (status >= 500) log("error", "http.defect", { err: error });
    reply.hijack();
    // The rest of the body is not read: the connection cannot be used again.
    reply.raw.setHeader("connection", "close");
    sendJson(reply.raw, status, errorBody(status, message));
  });
  const known = new Set(routes.map((route) => route.path));
  app.setNotFoundHandler((request, reply) => {
    reply.hijack();
    const path = (request.raw.url ?? "/").split("?")[0] ?? "/";
    const status = known.has(path) ? 405 : 404;
    if (status === 405)
      reply.raw.setHeader(
        "allow",
        routes
          .filter((route) => route.path === path)
          .map((route) => route.method)
          .join(", "),
      );
    sendJson(
      reply.raw,
      status,
      errorBody(
        status,
        status === 405
          ? `${path} does not answer ${request.raw.method}`
          : `no such path: ${path.slice(0, 256)}`,
      ),
    );
  });
}

/** A request that is no HTTP, or too slow, or with too many headers: says so and hangs up. */
function refuseBroken(error: Error & { code?: string }, socket: Socket, service: HttpService): void {
  if (!socket.writable || socket.bytesWritten > 0) return void socket.destroy();
  const [status, reason] =
    error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? [408, "Request Timeout"]
      : error.code === "HPE_HEADER_OVERFLOW"
        ? [431, "Request Header Fields Too Large"]
        : [400, "Bad Request"];
  const body = service.errorBody(status as number, (reason as string).toLowerCase());
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

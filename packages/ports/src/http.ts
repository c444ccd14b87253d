/** What an HTTP request brought; the body is whole and within the listener's bound. */
export type HttpRequest = {
  method: string;
  /** Path without query, such as `/v1/receipts/abc`. */
  path: string;
  params: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Uint8Array;
  /** Aborts when the client goes away. */
  signal: AbortSignal;
};

/** Where the answer goes. One of `send` or `stream`, once. */
export interface HttpResponse {
  send(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void;
  /** Starts a streamed body. */
  stream(status: number, headers: Readonly<Record<string, string>>): HttpStream;
}

/** A body in parts. */
export interface HttpStream {
  /** Resolves when the client has room for more; rejects with the signal's reason when it went away. */
  write(chunk: string): Promise<void>;
  end(): void;
}

/** One entry of a service's table of routes; the path may hold `:parameters`. */
export type Route = {
  method: "GET" | "POST";
  path: string;
  /** Answers, errors included: a throw is a defect and ends in status 500. */
  handle(request: HttpRequest, response: HttpResponse): Promise<void>;
};

/** What a service mounts on the listener. */
export type HttpService = {
  routes: readonly Route[];
  /** Body of an answer that the listener gives by itself: oversized body, unknown path, broken request, defect. */
  errorBody(status: number, message: string): string;
};

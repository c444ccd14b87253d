import type { Connection, Stream } from "@libp2p/interface";
import type { Handler, Peer } from "@lichen/ports";
import { LichenError, limits, toLichenError } from "@lichen/kernel";
import type { Budget } from "./budget.ts";
import { decodeFailure, encodeFailure, lost } from "./failure.ts";
import { FrameDecoder } from "./frame-decoder.ts";
import { frameType, helloBytes, noBytes, readU32, u32 } from "./frame.ts";
import { Mux } from "./mux.ts";
import { Outbox } from "./outbox.ts";

/** What a link needs of its node. */
export type LinkOptions = {
  hello: Uint8Array;
  /** @throws {LichenError} why the other side's hello is refused */
  readHello: (payload: Uint8Array, authenticatedId: string) => Peer;
  handlers: ReadonlyMap<string, Handler>;
  budget: Budget;
  maxRequests: number;
  /** How long a peer that was told why may take to hang up. */
  linger: () => Promise<unknown>;
  onUp: () => void;
  onDown: () => void;
  onFault: (peerId: string, error: LichenError) => void;
};

/** Turns of the keep-alive loop without a sign of life after which the peer is taken for dead. */
const silentTurns = 3;

/** One stream to a peer: first both sides say who they are, then frames flow. */
export class Link {
  /** As the transport authenticated it. */
  readonly peerId: string;
  /** Whether this side opened the stream. */
  readonly outbound: boolean;
  /** Resolves when both sides accepted each other, rejects when this will not happen. */
  readonly ready: Promise<Peer>;
  #settle: { resolve: (peer: Peer) => void; reject: (error: LichenError) => void };
  readonly #options: LinkOptions;
  readonly #stream: Stream;
  readonly #connection: Connection;
  readonly #decoder: FrameDecoder;
  readonly #outbox: Outbox;
  #peer: Peer | undefined;
  #mux: Mux | undefined;
  #up = false;
  #failing = false;
  #down = false;
  #silent = 0;
  #retired = false;
  #peerRetired = false;

  constructor(stream: Stream, connection: Connection, options: LinkOptions) {
    this.peerId = connection.remotePeer.toString();
    this.outbound = stream.direction === "outbound";
    this.#options = options;
    this.#stream = stream;
    this.#connection = connection;
    const { promise, resolve, reject } = Promise.withResolvers<Peer>();
    promise.catch(() => undefined);
    this.ready = promise;
    this.#settle = { resolve, reject };
    this.#decoder = new FrameDecoder(helloBytes, (type, id, payload) => this.#receive(type, id, payload));
    this.#outbox = new Outbox({
      send: (bytes) => this.#send(bytes),
      onOverflow: () => this.fail(new LichenError("limit-exceeded", "the peer asks and does not read")),
    });
    stream.addEventListener("message", (event) => this.#onBytes(event.data));
    stream.addEventListener("drain", () => this.#onDrain());
    stream.addEventListener("remoteCloseWrite", () => this.#onEnd());
    stream.addEventListener("close", (event) =>
      this.#finish(lost(this.peerId, "the connection was lost", event.error)),
    );
    this.#outbox.write(frameType.hello, 0, noBytes, options.hello);
    if (stream.status !== "open") this.#finish(lost(this.peerId, "the connection was lost"));
  }

  /** Undefined until both sides accepted each other, and after the end. */
  get mux(): Mux | undefined {
    return this.#up && !this.#down ? this.#mux : undefined;
  }

  get ended(): boolean {
    return this.#down;
  }

  /** Who the other side is; known once `ready`. */
  get peer(): Peer {
    return this.#peer as Peer;
  }

  /** One turn of the keep-alive loop: asks for a sign of life, gives up after some turns without. */
  keepAlive(): void {
    if (this.#silent++ >= silentTurns) return this.fail(lost(this.peerId, "no sign of life"));
    if (this.#up) this.#outbox.write(frameType.ping, 0, noBytes, noBytes);
  }

  /** Another stream to the same peer is used instead: this one ends when both sides are done with it. */
  retire(): void {
    this.#retired = true;
    this.#outbox.write(frameType.goodbye, 0, noBytes, noBytes);
    this.#closeIfDone();
  }

  /** The other stream is gone, this one is used again. */
  revive(): void {
    this.#retired = false;
  }

  /**
   * Ends the connection, tells the peer why, and reports. The peer hangs up; closing first could
   * reset the connection before it has read the reason.
   */
  fail(error: LichenError): void {
    if (this.#down || this.#failing) return;
    this.#failing = true;
    this.#outbox.write(frameType.error, 0, noBytes, encodeFailure(error));
    this.#outbox.flush();
    this.#options.onFault(this.peerId, error);
    this.#finish(error);
    this.#closeStream();
    void this.#options.linger().then(() => this.#hangUp());
  }

  /** Ends the connection without a word. */
  close(error: LichenError): void {
    this.#finish(error);
    this.#hangUp();
  }

  /** Bounded by libp2p's time-out for closing, then cut. */
  #hangUp(): void {
    this.#connection.close().catch((cause: unknown) => this.#connection.abort(cause as Error));
  }

  #closeStream(): void {
    this.#stream.close().catch((cause: unknown) => this.#stream.abort(cause as Error));
  }

  #finish(error: LichenError): void {
    if (this.#down) return;
    this.#down = true;
    this.#decoder.stop();
    this.#outbox.close();
    this.#mux?.close(error);
    this.#settle.reject(error);
    this.#options.onDown();
  }

  #send(bytes: Uint8Array): boolean {
    try {
      return this.#stream.send(bytes);
    } catch (cause) {
      this.#finish(lost(this.peerId, "the connection was lost", cause));
      return false;
    }
  }

  #onDrain(): void {
    this.#silent = 0;
    this.#outbox.drained();
    this.#closeIfDone();
  }

  #onEnd(): void {
    if (this.#decoder.cut) return this.fail(new LichenError("bad-frame", "the stream ended within a frame"));
    this.#outbox.flush();
    this.#finish(lost(this.peerId, "the peer closed the connection"));
    this.#closeStream();
  }

  #onBytes(data: Uint8Array | Iterable<Uint8Array>): void {
    if (this.#down) return;
    // A peer that talks but has stopped reading is as dead as one that does neither.
    if (!this.#outbox.blocked) this.#silent = 0;
    try {
      if (data instanceof Uint8Array) this.#decoder.push(data);
      else for (const part of data) this.#decoder.push(part);
    } catch (error) {
      this.fail(toLichenError(error));
    }
  }

  #receive(type: number, id: number, payload: Uint8Array): void {
    if (type === frameType.error && id === 0) return this.#onRefused(decodeFailure(payload));
    if (this.#up) return this.#receiveUp(type, id, payload);
    if (type === frameType.hello && this.#peer === undefined) {
      this.#peer = this.#options.readHello(payload, this.peerId);
      this.#outbox.write(frameType.ready, 0, noBytes, u32(this.#options.maxRequests));
    } else if (type === frameType.ready && this.#peer !== undefined && payload.length === 4) {
      this.#open(this.#peer, readU32(payload, 0));
    } else {
      throw new LichenError("bad-frame", `the peer sent frame type ${type} before it was known`);
    }
  }

  #receiveUp(type: number, id: number, payload: Uint8Array): void {
    switch (type) {
      case frameType.ping:
        return this.#outbox.write(frameType.pong, 0, noBytes, noBytes);
      case frameType.pong:
        return;
      case frameType.goodbye:
        this.#peerRetired = true;
        return this.#closeIfDone();
      case frameType.request:
        this.#peerRetired = false;
    }
    this.#mux?.receive(type, id, payload);
  }

  #open(peer: Peer, maxCalls: number): void {
    const { outbox, handlers, budget, maxRequests: maxServed } = { outbox: this.#outbox, ...this.#options };
    const onDefect = (error: LichenError): void => this.#options.onFault(this.peerId, error);
    const onIdle = (): void => this.#closeIfDone();
    this.#mux = new Mux({ peer, outbox, handlers, budget, maxServed, maxCalls, onDefect, onIdle });
    this.#decoder.maxBytes = limits.frameBytes;
    this.#up = true;
    this.#options.onUp();
    this.#settle.resolve(peer);
  }

  /** The other side says why it closes. */
  #onRefused(error: LichenError): void {
    this.#options.onFault(this.peerId, error);
    this.close(error);
  }

  #closeIfDone(): void {
    if (!this.#retired || !this.#peerRetired || this.#mux?.idle !== true || this.#down) return;
    this.#outbox.flush();
    if (!this.#outbox.empty) return;
    this.#finish(lost(this.peerId, "another stream replaced this one"));
    this.#closeStream();
  }
}

import { setMaxListeners } from "node:events";
import type { Connection, Stream } from "@libp2p/interface";
import type { Clock, Peer } from "@lichen/ports";
import { LichenError } from "@lichen/kernel";
import { lost } from "./failure.ts";
import { Link, type LinkOptions } from "./link.ts";
import type { PeerTable } from "./peer-table.ts";

/** The stream protocol; its number changes with the frame format. */
export const rpcProtocol = "/lichen/rpc/1";
/** A peer needs one stream; others overlap while one replaces another. */
export const maxStreams = 3;
/** How long a peer that was told why the connection ends may take to hang up. */
const lingerMs = 1000;

export type LinksOptions = Omit<LinkOptions, "onUp" | "onDown" | "linger"> & {
  helloTimeoutMs: number;
  pingMs: number;
};

/** Every stream of the node, from the first hello to the end: opens, accepts, watches, drops. */
export class Links {
  readonly table: PeerTable;
  readonly #clock: Clock;
  readonly #options: LinksOptions;
  readonly #links: Set<Link> = new Set();
  readonly #opening: Map<string, Promise<Peer>> = new Map();
  readonly #stopping: AbortController = new AbortController();

  constructor(table: PeerTable, clock: Clock, options: LinksOptions) {
    this.table = table;
    this.#clock = clock;
    this.#options = options;
    // Every wait of the node listens to it.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** Opens a stream to the peer at the other end, unless there is one, and introduces both. */
  open(connection: Connection): Promise<Peer> {
    const peerId = connection.remotePeer.toString();
    const known = this.table.get(peerId);
    if (known !== undefined) return Promise.resolve(known.peer);
    let opening = this.#opening.get(peerId);
    if (opening === undefined) {
      opening = this.#open(connection, peerId).finally(() => this.#opening.delete(peerId));
      this.#opening.set(peerId, opening);
    }
    return opening;
  }

  /** Takes a stream that the peer opened. */
  accept(stream: Stream, connection: Connection): void {
    if (this.#stopping.signal.aborted)
      stream.abort(lost(connection.remotePeer.toString(), "this node stops"));
    else this.#introduce(stream, connection);
  }

  /** Drops a connection whose other end opens no stream in time; on a stream, its own time-out runs. */
  async expectHello(connection: Connection): Promise<void> {
    if (!(await this.#passed(this.#options.helloTimeoutMs, this.#stopping.signal))) return;
    const peerId = connection.remotePeer.toString();
    if (connection.status !== "open" || this.#links.values().some((link) => link.peerId === peerId)) return;
    connection.close().catch((error: unknown) => connection.abort(error as Error));
  }

  /** Asks every peer for a sign of life, again and again, until `close`. */
  async keepAlive(): Promise<void> {
    while (await this.#passed(this.#options.pingMs, this.#stopping.signal)) {
      for (const link of this.#links) link.keepAlive();
    }
  }

  /** Ends every link. */
  close(error: LichenError): void {
    this.#stopping.abort(error);
    for (const link of this.#links) link.close(error);
  }

  async #open(connection: Connection, peerId: string): Promise<Peer> {
    let stream: Stream;
    try {
      stream = await connection.newStream(rpcProtocol, { maxOutboundStreams: maxStreams });
    } catch (cause) {
      // The peer may have opened one meanwhile.
      const other = this.table.get(peerId);
      if (other !== undefined) return other.peer;
      if ((cause as Error).name !== "UnsupportedProtocolError")
        throw lost(peerId, "it took no stream", cause);
      throw new LichenError("version-unsupported", `peer ${peerId} does not speak ${rpcProtocol}`, { cause });
    }
    return this.#introduce(stream, connection).ready;
  }

  #introduce(stream: Stream, connection: Connection): Link {
    const link = new Link(stream, connection, {
      ...this.#options,
      linger: () => this.#passed(lingerMs, this.#stopping.signal),
      onUp: () => this.table.add(link),
      onDown: () => {
        this.#links.delete(link);
        this.table.remove(link);
      },
    });
    if (link.ended) return link;
    this.#links.add(link);
    void this.#limitHello(link);
    return link;
  }

  async #limitHello(link: Link): Promise<void> {
    const settled = new AbortController();
    link.ready.then(
      () => settled.abort(),
      () => settled.abort(),
    );
    const { helloTimeoutMs } = this.#options;
    if (!(await this.#passed(helloTimeoutMs, AbortSignal.any([settled.signal, this.#stopping.signal]))))
      return;
    link.fail(lost(link.peerId, `no introduction within ${helloTimeoutMs} ms`));
  }

  /** Whether the time passed; false where the wait was called off. */
  async #passed(ms: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#clock.sleep(ms, signal);
      return true;
    } catch {
      return false;
    }
  }
}

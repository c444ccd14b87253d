import { createLibp2p, type Libp2p } from "libp2p";
import { noise } from "@libp2p/noise";
import { yamux } from "@libp2p/yamux";
import { tcp } from "@libp2p/tcp";
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { signerOfKey } from "@lichen/ports/compliance";
import { FrameDecoder } from "../internal/frame-decoder.ts";
import { frameType, headerBytes, noBytes, u32, writeFrame, type FrameType } from "../internal/frame.ts";
import { makeHello } from "../internal/hello.ts";
import { rpcProtocol } from "../internal/links.ts";

export type Seen = { type: number; id: number; payload: Uint8Array };

/** A stream of the protocol on which anything at all can be sent. */
export class RawStream {
  readonly seen: Seen[] = [];
  readonly stream: Stream;
  readonly closed: Promise<void>;

  constructor(stream: Stream) {
    this.stream = stream;
    const decoder = new FrameDecoder(2 ** 24, (type, id, payload) =>
      this.seen.push({ type, id, payload: payload.slice() }),
    );
    stream.addEventListener("message", ({ data }) => {
      for (const part of data instanceof Uint8Array ? [data] : data) decoder.push(part);
    });
    this.closed = new Promise((resolve) => {
      stream.addEventListener("close", () => resolve());
      stream.addEventListener("remoteCloseWrite", () => resolve());
    });
  }

  send(type: FrameType, id: number, payload: Uint8Array = noBytes): void {
    const frame = new Uint8Array(headerBytes + payload.length);
    writeFrame(frame, 0, type, id, noBytes, payload);
    this.stream.send(frame);
  }

  /** The reason given for closing, if any. */
  reason(): { code?: string; message?: string } | undefined {
    const frame = this.seen.find(({ type, id }) => type === frameType.error && id === 0);
    return frame === undefined
      ? undefined
      : (JSON.parse(Buffer.from(frame.payload).toString()) as { code: string });
  }
}

/** A libp2p peer that need not keep to the protocol. */
export class RawPeer {
  readonly node: Libp2p;
  constructor(node: Libp2p) {
    this.node = node;
  }

  get id(): string {
    return this.node.peerId.toString();
  }

  get address(): string {
    return String(this.node.getMultiaddrs()[0]);
  }

  hello(chainId = 31_337, n = 77): Promise<Uint8Array> {
    return makeHello(signerOfKey(n), chainId, this.id, "provider");
  }

  async open(address: string): Promise<RawStream> {
    const connection = await this.node.dial(multiaddr(address));
    return new RawStream(await connection.newStream(rpcProtocol));
  }

  /** A stream on which both sides have introduced themselves as they should. */
  async openKnown(address: string): Promise<RawStream> {
    const raw = await this.open(address);
    raw.send(frameType.hello, 0, await this.hello());
    raw.send(frameType.ready, 0, u32(1024));
    return raw;
  }
}

export async function makeRawPeer(): Promise<RawPeer> {
  const node = await createLibp2p({
    privateKey: await generateKeyPair("Ed25519"),
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  });
  return new RawPeer(node);
}

import type { Peer, PeerEvent } from "@lichen/ports";
import { lost } from "./failure.ts";
import type { Link } from "./link.ts";

type Entry = { current: Link; links: Link[] };

/**
 * Which of two streams to the same peer is used: the one that the side with the lower peer id
 * opened, of two by the same side the newer. Both sides come to the same answer without asking.
 */
export function preferred<L extends { outbound: boolean; peerId: string }>(
  selfId: string,
  older: L,
  newer: L,
): L {
  const byLower = (link: L): boolean => link.outbound === selfId < link.peerId;
  return byLower(older) && !byLower(newer) ? older : newer;
}

/** The peers connected now, each with the one stream that requests take. */
export class PeerTable {
  readonly #selfId: string;
  readonly #entries: Map<string, Entry> = new Map();
  readonly #listeners: ((event: PeerEvent) => void)[] = [];

  constructor(selfId: string) {
    this.#selfId = selfId;
  }

  onPeer(listener: (event: PeerEvent) => void): void {
    this.#listeners.push(listener);
  }

  get(peerId: string): Link | undefined {
    return this.#entries.get(peerId)?.current;
  }

  peers(): Peer[] {
    return [...this.#entries.values()].map(({ current }) => current.peer);
  }

  add(link: Link): void {
    const entry = this.#entries.get(link.peerId);
    if (entry === undefined) {
      this.#entries.set(link.peerId, { current: link, links: [link] });
      this.#emit("connected", link.peer);
    } else if (
      entry.current.peer.account !== link.peer.account ||
      entry.current.peer.role !== link.peer.role
    ) {
      // The peer came back as somebody else: what it was before is over.
      // Each takes itself off the list.
      for (const old of entry.links.slice())
        old.close(lost(link.peerId, "it came back under another account"));
      this.add(link);
    } else {
      entry.links.push(link);
      const winner = preferred(this.#selfId, entry.current, link);
      const loser = winner === link ? entry.current : link;
      entry.current = winner;
      loser.retire();
    }
  }

  remove(link: Link): void {
    const entry = this.#entries.get(link.peerId);
    const at = entry?.links.indexOf(link) ?? -1;
    if (entry === undefined || at < 0) return;
    entry.links.splice(at, 1);
    if (entry.current !== link) return;
    const next = entry.links.at(-1);
    if (next !== undefined) {
      entry.current = next;
      next.revive();
    } else {
      this.#entries.delete(link.peerId);
      this.#emit("disconnected", link.peer);
    }
  }

  #emit(type: PeerEvent["type"], peer: Peer): void {
    for (const listener of this.#listeners) listener({ type, peer });
  }
}

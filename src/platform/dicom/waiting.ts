import type { Socket } from "node:net";
import { sourceOf } from "#platform/http/source.ts";

/** The peer's end of a connection: what names it, before and after the TLS handshake. */
export type PeerEnd = Pick<Socket, "remoteAddress" | "remotePort">;

/**
 * Connections on which nobody has been let in yet: before and in the TLS handshake, before the association request, while it is
 * decided, after a rejection. They are bounded in all and for each source; where one more comes, the oldest of its source makes
 * room, or the oldest of the source that has most. Idle connections so keep nobody out: a device needs its place for the
 * moment of its own handshake only.
 */
export class Waiting {
  readonly #limits: { waiting: number; waitingPerSource: number };
  /** By source, then by peer, oldest first. */
  readonly #sources = new Map<string, Map<string, Socket>>();

  constructor(limits: { waiting: number; waitingPerSource: number }) {
    this.#limits = limits;
  }

  get size(): number {
    return [...this.#sources.values()].reduce((sum, peers) => sum + peers.size, 0);
  }

  /** Takes a new connection, which waits until it is let in or closed. */
  enter(socket: Socket): void {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) {
      socket.destroy(); // gone already
      return;
    }
    const source = sourceOf(remoteAddress);
    const same = this.#sources.get(source) ?? new Map<string, Socket>();
    if (same.size >= this.#limits.waitingPerSource) this.#dropOldest(source);
    else if (this.size >= this.#limits.waiting) this.#dropOldest(this.#fullest());
    const peer = nameOf(socket);
    this.#sources.set(source, same.set(peer, socket));
    socket.once("close", () => this.#leave(source, peer, socket));
  }

  /** The peer's association is accepted: its connection counts here no more. */
  letIn(peer: PeerEnd): void {
    const source = sourceOf(peer.remoteAddress ?? "");
    this.#leave(source, nameOf(peer), this.#sources.get(source)?.get(nameOf(peer)));
  }

  /** Closes all that wait. */
  clear(): void {
    for (const peers of this.#sources.values()) for (const socket of peers.values()) socket.destroy();
  }

  #fullest(): string {
    const [first] = [...this.#sources].sort(([, one], [, other]) => other.size - one.size);
    return first?.[0] ?? "";
  }

  #dropOldest(source: string): void {
    const [oldest] = this.#sources.get(source) ?? [];
    if (oldest === undefined) return;
    const [peer, socket] = oldest;
    this.#leave(source, peer, socket);
    socket.destroy();
  }

  /** A port is used again: only the connection that is meant leaves. */
  #leave(source: string, peer: string, socket: Socket | undefined): void {
    const peers = this.#sources.get(source);
    if (peers === undefined || socket === undefined || peers.get(peer) !== socket) return;
    peers.delete(peer);
    if (peers.size === 0) this.#sources.delete(source);
  }
}

const nameOf = ({ remoteAddress, remotePort }: PeerEnd): string => `${remoteAddress} ${remotePort}`;

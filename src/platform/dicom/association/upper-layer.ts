import type { Socket } from "node:net";
import { Reading } from "#platform/dicom/association/reading.ts";
import { writePdu } from "#standards/dimse/pdu.ts";
import { PDU_LIMITS, type PduLimits, type PduPart, PduStream } from "#standards/dimse/pdu-stream.ts";
import {
  type Association,
  type Effect,
  IDLE_ACCEPTOR,
  IDLE_REQUESTOR,
  type Indication,
  mayHappen,
  step,
  type UpperLayerEvent,
} from "#standards/dimse/state.ts";

/** How long a connection may take to close after we are done with it, in milliseconds. */
const CLOSING_MS = 5_000;

/** Table 9-10's rows that start here and not on the wire. */
type Wish = Extract<UpperLayerEvent, { evt: "Evt7" | "Evt8" | "Evt9" | "Evt11" | "Evt14" | "Evt15" }>;

export type UpperLayerOptions = {
  socket: Socket;
  /** PS3.8 §9.1.4, milliseconds. */
  artimMs: number;
  limits?: PduLimits;
  /** Indications and confirmations, in order; called while the socket is being read. */
  tell: (what: Indication) => void;
};

/** Drives PS3.8's state table on one socket: it turns bytes, timers and wishes into events and performs the effects. */
export class UpperLayer {
  readonly #socket: Socket;
  readonly #artimMs: number;
  readonly #tell: (what: Indication) => void;
  readonly #stream: PduStream;
  readonly #reading: Reading;
  #association: Association;
  #artim: NodeJS.Timeout | undefined;

  constructor({ socket, artimMs, tell, limits }: UpperLayerOptions, opening: "acceptor" | "requestor") {
    this.#socket = socket;
    this.#artimMs = artimMs;
    this.#tell = tell;
    this.#stream = new PduStream(limits ?? PDU_LIMITS);
    this.#reading = new Reading(socket);
    this.#association = opening === "acceptor" ? IDLE_ACCEPTOR : IDLE_REQUESTOR;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    socket.on("error", () => socket.destroy()); // "close" follows, and with it Evt17
    socket.on("close", () => this.#happen({ evt: "Evt17" }));
  }

  /** Opens the acceptor's side (Evt5) or, with a request, the requestor's (Evt1, Evt2) on the connected socket. */
  open(request?: Extract<UpperLayerEvent, { evt: "Evt2" }>["request"]): void {
    if (request === undefined) this.#happen({ evt: "Evt5" });
    else {
      this.#happen({ evt: "Evt1" });
      this.#happen({ evt: "Evt2", request });
    }
  }

  /** Does what is wished if the table has an action for it in the present state; false when it has none. */
  wish(event: Wish): boolean {
    if (!mayHappen(this.#association, event.evt)) return false;
    this.#happen(event);
    return true;
  }

  /** True where the table has an action for the wish in the present state. */
  may(evt: Wish["evt"]): boolean {
    return mayHappen(this.#association, evt);
  }

  /** Stops reading, or starts it again. */
  hold(held: boolean): void {
    this.#reading.hold(held && this.may("Evt9"));
  }

  get held(): boolean {
    return this.#reading.held;
  }

  #receive(bytes: Uint8Array): void {
    this.#reading.read();
    for (const part of this.#stream.feed(bytes)) this.#happen(eventOf(part));
  }

  #write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
    this.#reading.wrote();
  }

  /** Wire events in Sta1 come from a connection that this side has given up already. */
  #happen(event: UpperLayerEvent): void {
    if (this.#association.sta === "Sta1" && !mayHappen(this.#association, event.evt)) return;
    const [next, effects] = step(this.#association, event);
    this.#association = next;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case "connect": // the socket is connected before the driver is made
        return;
      case "send":
        this.#write(writePdu(effect.pdu));
        return;
      case "send-bytes":
        this.#write(effect.bytes);
        return;
      case "start-artim":
        clearTimeout(this.#artim);
        this.#artim = setTimeout(() => this.#happen({ evt: "Evt18" }), this.#artimMs);
        this.#reading.hold(false); // nobody asks for what still comes, but its end must be seen
        return;
      case "stop-artim":
        clearTimeout(this.#artim);
        return;
      case "close":
        this.#close();
        return;
      case "tell":
        this.#tell(effect.what);
    }
  }

  #close(): void {
    const late = setTimeout(() => this.#socket.destroy(), CLOSING_MS);
    this.#socket.once("close", () => clearTimeout(late));
    this.#reading.hold(false);
    this.#socket.destroySoon();
  }
}

function eventOf(part: PduPart): UpperLayerEvent {
  if (part.is === "fragment") return { evt: "Evt10", fragment: part.fragment };
  if (part.is === "invalid") return { evt: "Evt19", reason: part.reason, why: part.why };
  const { pdu } = part;
  switch (pdu.type) {
    case "A-ASSOCIATE-AC":
      return { evt: "Evt3", pdu };
    case "A-ASSOCIATE-RJ":
      return { evt: "Evt4", pdu };
    case "A-ASSOCIATE-RQ":
      return { evt: "Evt6", pdu };
    case "A-RELEASE-RQ":
      return { evt: "Evt12" };
    case "A-RELEASE-RP":
      return { evt: "Evt13" };
    case "A-ABORT":
      return { evt: "Evt16", pdu };
  }
}

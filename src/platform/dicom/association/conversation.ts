import type { Socket } from "node:net";
import { Fault, faultOf } from "#kit/fault.ts";
import { DataSetStream } from "#platform/dicom/association/data-set-stream.ts";
import { type Answer, answerOf, type Incoming, type Queued } from "#platform/dicom/association/incoming.ts";
import { type Ask, OwnRequests } from "#platform/dicom/association/requests.ts";
import { type DataSetSource, Sender } from "#platform/dicom/association/sender.ts";
import { UpperLayer, type UpperLayerOptions } from "#platform/dicom/association/upper-layer.ts";
import { answerTo, type Command, type Request, type Response } from "#standards/dimse/command.ts";
import { ASSEMBLY_START, type Assembly, assemble, type MessagePart } from "#standards/dimse/message.ts";
import type { AcceptedContexts } from "#standards/dimse/negotiate.ts";
import type { Fragment } from "#standards/dimse/pdu-stream.ts";
import type { Indication } from "#standards/dimse/state.ts";

/** Bytes of incoming data sets held per association before the socket is stopped. */
const HIGH_WATER_BYTES = 512 * 1024;
/** Requests a peer may pipeline before the socket is stopped. */
const MAX_PIPELINED = 16;

/** How an association ended: by whom, and why. */
export type End = { by: "release" | "peer" | "us" | "transport"; because: Fault };

export type ConversationOptions = Omit<UpperLayerOptions, "tell"> & {
  /** Milliseconds without a message after which the association is aborted. */
  idleMs: number;
  /** Milliseconds without a byte inside a message after which the association is aborted. */
  stallMs: number;
  serve: (incoming: Incoming) => Promise<Answer>;
  tell: (what: Extract<Indication, { is: "associate" | "accepted" | "rejected" }>) => void;
  /** Called once. */
  ended: (end: End) => void;
  /** A request failed by something that is not for the peer's eyes. */
  onFailed?: (command: Request["command"], thrown: unknown) => void;
};

/** DIMSE over one association, for either side: requests of the peer are served one after another, own requests wait for their responses. PS3.7 §8. */
export class Conversation {
  readonly upperLayer: UpperLayer;
  readonly #socket: Socket;
  readonly #options: ConversationOptions;
  readonly #sender: Sender;
  readonly #own = new OwnRequests();
  readonly #over = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  readonly #streams = new Set<DataSetStream>();
  #contexts: AcceptedContexts = new Map();
  #assembly: Assembly = ASSEMBLY_START;
  #receiving: DataSetStream | null = null;
  #queue: Queued[] = [];
  #serving: Queued | undefined;
  #releaseAsked = false;
  #leaving = false;
  #lastMessageAt = performance.now();

  constructor(options: ConversationOptions, opening: "acceptor" | "requestor") {
    const { socket, stallMs } = options;
    this.#options = options;
    this.#socket = socket;
    this.upperLayer = new UpperLayer({ ...options, tell: (what) => this.#told(what) }, opening);
    this.#sender = new Sender({
      socket,
      upperLayer: this.upperLayer,
      over: () => (this.signal.aborted ? faultOf(this.signal.reason) : undefined),
      broken: (thrown) => this.abort(faultOf(thrown)),
    });
    socket.setTimeout(stallMs);
    socket.on("timeout", () => this.#quiet());
    socket.on("close", () => {
      this.#finish(
        "transport",
        new Fault("peer.silent", "the connection was closed without releasing the association"),
      );
      this.#closed.resolve();
    });
  }

  get contexts(): AcceptedContexts {
    return this.#contexts;
  }

  /** Aborts when the association is over; the reason is a Fault. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Settles when the connection is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** The association is established with these contexts; `peerMaxPdu` is what the peer takes at most (0: no limit). */
  establish(contexts: AcceptedContexts, peerMaxPdu: number): void {
    this.#contexts = contexts;
    this.#sender.peerMaxPdu = peerMaxPdu;
    this.#lastMessageAt = performance.now();
  }

  /** A-ABORT by the service user, and nothing is served any more. */
  abort(because: Fault): void {
    this.#finish("us", because);
    if (!this.upperLayer.wish({ evt: "Evt15" })) this.#socket.destroy();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#finish("us", new Fault("request.cancelled", "this side is shutting down"));
    this.#socket.destroy();
  }

  /** Serves what has begun, then aborts: the acceptor's way to leave. */
  leave(): void {
    this.#leaving = true;
    this.#rest();
  }

  /** Sends one message whole, after those begun before it. Faults as `Sender.send`. */
  send(contextId: number, command: Command, dataSet?: DataSetSource): Promise<void> {
    return this.#sender.send(contextId, command, dataSet);
  }

  /** See `Ask`. */
  readonly ask: Ask = (contextId, request, { dataSet, responseMs, onPending = (_, data) => data?.discard() }) =>
    this.#own.ask((messageId) => this.send(contextId, request(messageId), dataSet), {
      responseMs,
      onPending,
      late: () => this.abort(new Fault("peer.silent", "the peer did not answer in time")),
    });

  #told(what: Indication): void {
    switch (what.is) {
      case "fragment":
        this.#fragment(what.fragment);
        return;
      case "release":
        this.#releaseAsked = true;
        this.#rest();
        return;
      case "released":
        this.#finish("release", new Fault("request.cancelled", "the association was released"));
        return;
      case "abort":
        this.#finish(what.by, new Fault(what.by === "transport" ? "peer.silent" : "peer.refused", abortWords(what)));
        return;
      default:
        this.#options.tell(what);
    }
  }

  #fragment(fragment: Fragment): void {
    if (this.signal.aborted) return;
    try {
      const [next, part] = assemble(this.#assembly, fragment);
      this.#assembly = next;
      if (part !== undefined) this.#part(part);
    } catch (thrown) {
      this.abort(faultOf(thrown));
    }
  }

  #part(part: MessagePart): void {
    if (part.is === "data") this.#receiving?.push(part.bytes, part.last);
    else this.#command(part.context, part.command);
    this.#balance();
  }

  #command(contextId: number, command: Command): void {
    const context = this.#contexts.get(contextId);
    if (context === undefined) throw new Fault("dimse.malformed", `presentation context ${contextId} was not accepted`);
    this.#lastMessageAt = performance.now();
    const dataSet = command.hasDataSet ? new DataSetStream(() => this.#balance()) : null;
    if (dataSet !== null) this.#streams.add(dataSet);
    this.#receiving = dataSet;
    if (command.command === "C-CANCEL-RQ") this.#cancel(command.respondsTo, dataSet);
    else if (isResponse(command)) this.#own.take(command, dataSet);
    else {
      this.#queue.push({ command, context, dataSet, cancel: new AbortController() });
      this.#serveNext();
    }
  }

  #cancel(messageId: number, dataSet: DataSetStream | null): void {
    dataSet?.discard();
    for (const queued of [this.#serving, ...this.#queue]) {
      if (queued?.command.messageId !== messageId) continue;
      queued.cancel.abort(new Fault("request.cancelled", "the peer cancelled"));
    }
  }

  /** Stops the socket while too much waits here, and starts it again. */
  #balance(): void {
    let held = 0;
    for (const stream of this.#streams) {
      if (stream.done) this.#streams.delete(stream);
      held += stream.buffered;
    }
    this.upperLayer.hold(held >= HIGH_WATER_BYTES || this.#queue.length >= MAX_PIPELINED);
  }

  #serveNext(): void {
    if (this.#serving !== undefined) return;
    this.#serving = this.#queue.shift();
    if (this.#serving === undefined) {
      this.#rest();
      return;
    }
    void this.#serve(this.#serving).then(() => {
      this.#serving = undefined;
      this.#lastMessageAt = performance.now();
      this.#serveNext();
      this.#balance();
    });
  }

  /** Never rejects: whatever goes wrong becomes a status, or the association is over. */
  async #serve({ command, context, dataSet, cancel }: Queued): Promise<void> {
    const cancellable = command.command !== "C-STORE-RQ" && command.command !== "C-ECHO-RQ";
    const signal = cancellable ? AbortSignal.any([this.signal, cancel.signal]) : this.signal;
    const pending = (answer: Answer): Promise<void> => this.#answer(context.id, command, answer);
    const association = { contexts: this.#contexts, ask: this.ask };
    let answer: Answer;
    try {
      answer = await this.#options.serve({
        command,
        presentationContext: context,
        dataSet,
        signal,
        pending,
        ...association,
      });
    } catch (thrown) {
      this.#options.onFailed?.(command.command, thrown);
      answer = answerOf(thrown);
    }
    dataSet?.discard();
    await dataSet?.ended;
    await this.#answer(context.id, command, answer).catch(() => undefined); // the association ended: nobody listens
  }

  #answer(contextId: number, request: Request, { status, dataSet, ...outcome }: Answer): Promise<void> {
    const response: Response = { ...answerTo(request, status, outcome), hasDataSet: dataSet !== undefined };
    return this.send(contextId, response, dataSet === undefined ? undefined : [dataSet]);
  }

  /** The association is over, whoever ended it: everything that waits is told why. Only the first reason counts. */
  #finish(by: End["by"], because: Fault): void {
    if (this.signal.aborted) return;
    this.#over.abort(because);
    const words = "the association ended before the data set was complete";
    for (const stream of this.#streams) stream.fail(new Fault("request.cancelled", words, { cause: because }));
    this.#queue = [];
    this.#own.fail(because);
    this.#sender.wake();
    this.#options.ended({ by, because });
  }

  /** Nothing is being served: a release that was asked for is answered, a side that is leaving goes. */
  #rest(): void {
    if (this.#serving !== undefined || this.#queue.length > 0) return;
    if (this.#releaseAsked && !this.signal.aborted) {
      this.upperLayer.wish({ evt: "Evt14" });
      this.#finish("release", new Fault("request.cancelled", "the peer released the association"));
    }
    if (!this.#leaving) return;
    if (!this.signal.aborted) this.abort(new Fault("request.cancelled", "this side is shutting down"));
    this.#socket.destroySoon();
  }

  /** No byte moved for `stallMs`: fine while we work or nobody has anything to say, the end inside a message or after `idleMs`. */
  #quiet(): void {
    const inside = this.#assembly.at !== "start" && !this.upperLayer.held;
    const working = this.#serving !== undefined || this.#queue.length > 0 || this.#own.size > 0;
    const idle = !working && performance.now() - this.#lastMessageAt >= this.#options.idleMs;
    if (inside || idle || this.#socket.writableNeedDrain) this.abort(new Fault("peer.silent", "the peer went silent"));
    else this.#socket.setTimeout(this.#options.stallMs);
  }
}

function isResponse(command: Command): command is Response {
  return command.command.endsWith("-RSP");
}

function abortWords(what: Extract<Indication, { is: "abort" }>): string {
  if (what.by === "transport") return "the connection was closed without releasing the association";
  if (what.by === "peer") return `the peer aborted the association (source ${what.source}, reason ${what.reason})`;
  return `the peer broke the protocol: ${what.why}`;
}

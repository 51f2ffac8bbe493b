import type { Socket } from "node:net";
import { Fault, faultOf } from "#kit/fault.ts";
import { DataSetStream } from "#platform/dicom/data-set-stream.ts";
import { UpperLayer, type UpperLayerOptions } from "#platform/dicom/upper-layer.ts";
import {
  answerTo,
  type Command,
  type CommandOf,
  type Outcome,
  type Request,
  type Response,
} from "#standards/dimse/command.ts";
import {
  ASSEMBLY_START,
  type Assembly,
  assemble,
  commandPdus,
  dataSetPdus,
  type MessagePart,
} from "#standards/dimse/message.ts";
import type { AcceptedContext, AcceptedContexts } from "#standards/dimse/negotiate.ts";
import type { Fragment } from "#standards/dimse/pdu-stream.ts";
import type { Indication } from "#standards/dimse/state.ts";

/** Bytes of incoming data sets held per association before the socket is stopped. */
const HIGH_WATER_BYTES = 512 * 1024;
/** Requests a peer may pipeline before the socket is stopped. */
const MAX_PIPELINED = 16;

export type DataSetSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** The end of a service: its status and what goes with it; `dataSet` is the response's own (N-GET, N-ACTION, …). */
export type Answer = { status: number; dataSet?: Uint8Array } & Outcome;

/** A request of the peer being served. */
export type Incoming = {
  command: Request;
  presentationContext: AcceptedContext;
  /** Null where no data set follows; else a single reader takes it once. What it leaves is drained. */
  dataSet: AsyncIterable<Uint8Array> | null;
  /** Aborts when the association ends or the peer sends C-CANCEL. */
  signal: AbortSignal;
  /** Sends a pending response (C-FIND, C-MOVE, C-GET) before the final one. */
  pending: (answer: Answer) => Promise<void>;
};

export type ConversationOptions = Omit<UpperLayerOptions, "tell"> & {
  /** Milliseconds without a message after which the association is aborted. */
  idleMs: number;
  /** Milliseconds without a byte inside a message after which the association is aborted. */
  stallMs: number;
  serve: (incoming: Incoming) => Promise<Answer>;
  /** Everything that is not a message: association, release and abort indications. */
  tell: (what: Exclude<Indication, { is: "fragment" }>) => void;
};

type Queued = { command: Request; context: AcceptedContext; dataSet: DataSetStream | null; cancel: AbortController };
type Waiting = { take: (response: Response, dataSet: DataSetStream | null) => void; fail: (fault: Fault) => void };

/** DIMSE over one association, for either side: requests of the peer are served one after another, own requests wait for their responses. PS3.7 §8. */
export class Conversation {
  readonly upperLayer: UpperLayer;
  readonly #socket: Socket;
  readonly #options: ConversationOptions;
  readonly #over = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  readonly #waiting = new Map<number, Waiting>();
  #contexts: AcceptedContexts = new Map();
  #peerMaxPdu = 0;
  #assembly: Assembly = ASSEMBLY_START;
  #receiving: DataSetStream | null = null;
  #queue: Queued[] = [];
  #serving: Queued | undefined;
  #releaseAsked = false;
  #leaving = false;
  #lastMessageAt = performance.now();
  #sending: Promise<void> = Promise.resolve();
  #sendersWaiting = 0;
  #nextMessageId = 1;

  constructor(options: ConversationOptions, opening: "acceptor" | "requestor") {
    this.#options = options;
    this.#socket = options.socket;
    this.upperLayer = new UpperLayer({ ...options, tell: (what) => this.#told(what) }, opening);
    this.#socket.setTimeout(options.stallMs);
    this.#socket.on("timeout", () => this.#quiet());
    this.#socket.on("drain", () => this.#drained?.());
    this.#socket.on("close", () => {
      this.#finish(new Fault("peer.silent", "the connection closed"));
      this.#closed.resolve();
    });
  }

  get contexts(): AcceptedContexts {
    return this.#contexts;
  }

  /** Aborts when the association is over. */
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
    this.#peerMaxPdu = peerMaxPdu;
    this.#lastMessageAt = performance.now();
  }

  /** A-ABORT by the service user, and nothing is served any more. */
  abort(because: Fault): void {
    this.#finish(because);
    if (!this.upperLayer.wish({ evt: "Evt15" })) this.#socket.destroy();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.abort(new Fault("request.cancelled", "this side is shutting down"));
    this.#socket.destroy();
  }

  /** Serves what has begun, then aborts: the acceptor's way to leave. */
  leave(): void {
    this.#leaving = true;
    this.#rest();
  }

  #told(what: Indication): void {
    if (what.is === "fragment") {
      this.#fragment(what.fragment);
      return;
    }
    if (what.is === "release") this.#releaseAsked = true;
    if (what.is === "abort") this.#finish(new Fault("peer.refused", abortWords(what)));
    if (what.is === "released") this.#finish(new Fault("request.cancelled", "the association was released"));
    this.#options.tell(what);
    this.#rest();
  }

  #fragment(fragment: Fragment): void {
    if (this.#over.signal.aborted) return;
    try {
      const [next, part] = assemble(this.#assembly, fragment);
      this.#assembly = next;
      if (part !== undefined) this.#part(part);
    } catch (thrown) {
      this.#options.tell({ is: "abort", by: "us", source: 0, reason: 0 });
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
    this.#receiving = dataSet;
    if (command.command === "C-CANCEL-RQ") this.#cancel(command, dataSet);
    else if (isResponse(command)) this.#respond(command, dataSet);
    else {
      this.#queue.push({ command, context, dataSet, cancel: new AbortController() });
      this.#serveNext();
    }
  }

  #cancel({ respondsTo }: CommandOf<"C-CANCEL-RQ">, dataSet: DataSetStream | null): void {
    dataSet?.discard();
    for (const queued of [this.#serving, ...this.#queue]) {
      if (queued?.command.messageId === respondsTo)
        queued.cancel.abort(new Fault("request.cancelled", "the peer cancelled"));
    }
  }

  #respond(response: Response, dataSet: DataSetStream | null): void {
    const waiting = this.#waiting.get(response.respondsTo);
    if (waiting === undefined)
      throw new Fault("dimse.malformed", `a ${response.command} answers nothing that was asked`);
    waiting.take(response, dataSet);
  }

  /** Stops the socket while too much waits here, and starts it again. */
  #balance(): void {
    const held = [this.#serving, ...this.#queue].reduce((sum, queued) => sum + (queued?.dataSet?.buffered ?? 0), 0);
    const full = held >= HIGH_WATER_BYTES || this.#queue.length >= MAX_PIPELINED;
    this.upperLayer.hold(full);
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
    const signal = AbortSignal.any([this.#over.signal, cancel.signal]);
    const pending = (answer: Answer): Promise<void> => this.#answer(context.id, command, answer);
    let answer: Answer;
    try {
      answer = await this.#options.serve({ command, presentationContext: context, dataSet, signal, pending });
    } catch (thrown) {
      answer = answerOf(thrown);
    }
    dataSet?.discard();
    await dataSet?.ended;
    await this.#answer(context.id, command, answer).catch(() => undefined); // the association ended: nobody listens
  }

  async #answer(contextId: number, request: Request, { status, dataSet, ...outcome }: Answer): Promise<void> {
    const response: Response = { ...answerTo(request, status, outcome), hasDataSet: dataSet !== undefined };
    await this.send(contextId, response, dataSet === undefined ? undefined : [dataSet]);
  }

  /** Sends one message whole, after those begun before it. Fault `peer.refused` or `peer.silent` when the association is over. */
  send(contextId: number, command: Command, dataSet?: DataSetSource): Promise<void> {
    if (dataSet === undefined && this.#sendersWaiting === 0) {
      return this.#write(commandPdus(contextId, command, this.#peerMaxPdu)); // the usual response: one write, at once
    }
    this.#sendersWaiting += 1;
    const turn = this.#sending
      .then(() => this.#sendWhole(contextId, command, dataSet))
      .finally(() => {
        this.#sendersWaiting -= 1;
      });
    this.#sending = turn.catch(() => undefined);
    return turn;
  }

  async #sendWhole(contextId: number, command: Command, dataSet: DataSetSource | undefined): Promise<void> {
    const head = commandPdus(contextId, command, this.#peerMaxPdu);
    if (dataSet === undefined) return this.#write(head);
    try {
      for await (const bytes of dataSetPdus(contextId, dataSet, this.#peerMaxPdu, head)) await this.#write(bytes);
    } catch (thrown) {
      this.abort(faultOf(thrown)); // half a message cannot be taken back
      throw thrown;
    }
  }

  #drained: (() => void) | undefined;

  async #write(bytes: Uint8Array): Promise<void> {
    if (!this.upperLayer.wish({ evt: "Evt9", bytes })) throw this.#reason();
    if (!this.#socket.writableNeedDrain) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    await promise;
    if (this.#over.signal.aborted) throw this.#reason();
  }

  #reason(): Fault {
    return this.#over.signal.aborted
      ? faultOf(this.#over.signal.reason)
      : new Fault("peer.silent", "the association is not open");
  }

  /** A message id that no own request is using. PS3.7 §9.3.1.1. */
  #messageId(): number {
    do this.#nextMessageId = (this.#nextMessageId % 0xffff) + 1;
    while (this.#waiting.has(this.#nextMessageId));
    return this.#nextMessageId;
  }

  /**
   * Sends a request and gives its responses to `onResponse` until the final one, which it returns. `responseMs` is the
   * longest silence before and between responses. Fault `peer.silent`, `peer.refused`; the signal aborts the association.
   */
  async ask(
    contextId: number,
    request: (messageId: number) => Request,
    { dataSet, responseMs, onPending }: AskOptions,
  ): Promise<{ response: Response; dataSet: AsyncIterable<Uint8Array> | null }> {
    if (this.#over.signal.aborted) throw this.#reason();
    const messageId = this.#messageId();
    const { promise, resolve, reject } = Promise.withResolvers<{ response: Response; dataSet: DataSetStream | null }>();
    promise.catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const await_ = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => this.abort(new Fault("peer.silent", "the peer did not answer in time")), responseMs);
    };
    this.#waiting.set(messageId, {
      take: (response, data) => {
        if ((response.status & 0xff00) !== 0xff00) return resolve({ response, dataSet: data });
        await_();
        if (onPending === undefined) data?.discard();
        else onPending(response, data);
      },
      fail: reject,
    });
    try {
      await this.send(contextId, request(messageId), dataSet);
      await_();
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(messageId);
    }
  }

  /** The association is over, whoever ended it: everything that waits is told why. Only the first reason counts. */
  #finish(because: Fault): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(because);
    const cut = new Fault("request.cancelled", "the association ended before the data set was complete", {
      cause: because,
    });
    for (const queued of [this.#serving, ...this.#queue]) queued?.dataSet?.fail(cut);
    this.#receiving?.fail(cut);
    this.#queue = [];
    for (const waiting of this.#waiting.values()) waiting.fail(because);
    this.#drained?.();
  }

  /** Nothing is being served: a release that was asked for is answered, a side that is leaving goes. */
  #rest(): void {
    if (this.#serving !== undefined || this.#queue.length > 0 || this.#over.signal.aborted) return;
    if (this.#releaseAsked) {
      this.#releaseAsked = false;
      this.upperLayer.wish({ evt: "Evt14" });
      this.#finish(new Fault("request.cancelled", "the peer released the association"));
    } else if (this.#leaving) this.abort(new Fault("request.cancelled", "this side is shutting down"));
  }

  /** No byte moved for `stallMs`: fine while we work or nobody has anything to say, the end inside a message or after `idleMs`. */
  #quiet(): void {
    const inside = this.#assembly.at !== "start" && !this.upperLayer.held;
    const working = this.#serving !== undefined || this.#queue.length > 0 || this.#waiting.size > 0;
    const idle = !working && performance.now() - this.#lastMessageAt >= this.#options.idleMs;
    if (inside || idle || this.#socket.writableNeedDrain) this.abort(new Fault("peer.silent", "the peer went silent"));
    else this.#socket.setTimeout(this.#options.stallMs);
  }
}

export type AskOptions = {
  dataSet?: DataSetSource;
  responseMs: number;
  onPending?: (response: Response, dataSet: AsyncIterable<Uint8Array> | null) => void;
};

function isResponse(command: Command): command is Response {
  return command.command.endsWith("-RSP");
}

function abortWords(what: Extract<Indication, { is: "abort" }>): string {
  if (what.by === "transport") return "the peer closed the connection without releasing the association";
  const who = what.by === "peer" ? "the peer aborted" : "the peer broke the protocol and was aborted";
  return `${who} the association (source ${what.source}, reason ${what.reason})`;
}

/** The DIMSE column of the fault table; the comment names the element and the remedy, the offending element goes with it. */
export function answerOf(thrown: unknown): Answer {
  const fault = faultOf(thrown);
  const tag = /\(([0-9a-f]{4}),([0-9a-f]{4})\)/i.exec(fault.place ?? "");
  const comment =
    fault.place === undefined || fault.message.includes(fault.place)
      ? fault.message
      : `${fault.place}: ${fault.message}`;
  return {
    status: fault.row.dimse,
    errorComment: comment,
    ...(tag === null ? {} : { offendingElement: [Number.parseInt(`${tag[1]}${tag[2]}`, 16)] }),
  };
}

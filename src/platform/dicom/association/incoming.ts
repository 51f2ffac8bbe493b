import { faultOf } from "#kit/fault.ts";
import type { DataSetStream } from "#platform/dicom/association/data-set-stream.ts";
import type { Ask } from "#platform/dicom/association/requests.ts";
import type { Outcome, Request } from "#standards/dimse/command.ts";
import type { AcceptedContext, AcceptedContexts } from "#standards/dimse/negotiate.ts";

/** The end of a service: its status and what goes with it; `dataSet` is the response's own (C-FIND, N-GET, …). */
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
  /** What the association agreed on, and the way to ask the peer on it (C-GET's sub-operations, N-EVENT-REPORT). */
  contexts: AcceptedContexts;
  ask: Ask;
};

export type Queued = {
  command: Request;
  context: AcceptedContext;
  dataSet: DataSetStream | null;
  cancel: AbortController;
};

/** The DIMSE column of the fault table; the comment names the element and the remedy, the offending element goes with it. */
export function answerOf(thrown: unknown): Answer {
  const { message, place, row } = faultOf(thrown);
  const tag = /\(([0-9a-f]{4}),([0-9a-f]{4})\)/i.exec(place ?? "");
  return {
    status: row.dimse,
    errorComment: place === undefined || message.includes(place) ? message : `${place}: ${message}`,
    ...(tag === null ? {} : { offendingElement: [Number.parseInt(`${tag[1]}${tag[2]}`, 16)] }),
  };
}

import { Fault } from "#kit/fault.ts";
import type { DataSetStream } from "#platform/dicom/association/data-set-stream.ts";
import type { DataSetSource } from "#platform/dicom/association/sender.ts";
import type { Request, Response } from "#standards/dimse/command.ts";

/** The final response of a request; its data set is to be read, or discarded. */
export type Answered = { response: Response; dataSet: DataSetStream | null };
export type OnPending = (response: Response, dataSet: DataSetStream | null) => void;

export type AskOptions = { dataSet?: DataSetSource; responseMs: number; onPending?: OnPending };
/** Sends a request on a presentation context and returns its final response; pending ones go to `onPending`, else their data sets are dropped. A peer that is silent for `responseMs` is aborted. Fault `peer.silent`, `peer.refused`. */
export type Ask = (
  contextId: number,
  request: (messageId: number) => Request,
  options: AskOptions,
) => Promise<Answered>;

type Waiting = { take: OnPending; fail: (fault: Fault) => void };

/** Own requests that wait for the peer's responses. PS3.7 §9.3.1.1: a message id is not used again while its operation lasts. */
export class OwnRequests {
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Sends by `send` with a message id of its own and waits for the final response, no longer than `responseMs` from one
   * response to the next; then `late` is called. Pending responses go to `onPending`.
   */
  async ask(
    send: (messageId: number) => Promise<void>,
    { responseMs, late, onPending }: { responseMs: number; late: () => void; onPending: OnPending },
  ): Promise<Answered> {
    const messageId = this.#free();
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    promise.catch(() => undefined); // the association may end while `send` still runs; that rejects too
    let timer: NodeJS.Timeout | undefined;
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(late, responseMs);
    };
    const take: OnPending = (response, dataSet) => {
      if (!isPending(response)) {
        resolve({ response, dataSet });
        return;
      }
      wait();
      onPending(response, dataSet);
    };
    this.#waiting.set(messageId, { take, fail: reject });
    try {
      await send(messageId);
      wait();
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(messageId);
    }
  }

  #free(): number {
    do this.#last = (this.#last % 0xffff) + 1;
    while (this.#waiting.has(this.#last));
    return this.#last;
  }

  /** Fault `dimse.malformed` for a response to nothing. */
  take(response: Response, dataSet: DataSetStream | null): void {
    const waiting = this.#waiting.get(response.respondsTo);
    if (waiting === undefined)
      throw new Fault("dimse.malformed", `a ${response.command} answers nothing that was asked`);
    waiting.take(response, dataSet);
  }

  /** Nobody will answer any more. */
  fail(because: Fault): void {
    for (const waiting of this.#waiting.values()) waiting.fail(because);
  }
}

/** PS3.7 annex C: FF00 and FF01. */
function isPending({ status }: Response): boolean {
  return status === 0xff00 || status === 0xff01;
}

import { FAULTS, Fault, type FaultCode } from "#kit/fault.ts";
import type { Outcome } from "#platform/decoders/answers.ts";
import type { Answer, Request } from "#platform/decoders/wire.ts";
import { type Limits, Worker } from "#platform/decoders/worker.ts";

type Waiting = {
  request: Request;
  done: (outcome: Outcome) => void;
  failed: (fault: unknown) => void;
  signal: AbortSignal | undefined;
};

/**
 * First come, first served: idle children take the oldest request, a lost child is replaced by a new one when it is needed.
 * When `limit` requests wait, the next one is refused with `decoder.busy`.
 */
export class Queue {
  readonly #size: number;
  readonly #limit: number;
  readonly #limits: Limits;
  readonly #waiting: Waiting[] = [];
  readonly #workers = new Set<Worker>();
  readonly #idle: Worker[] = [];
  #closed = false;

  constructor(size: number, limit: number, limits: Limits) {
    this.#size = size;
    this.#limit = limit;
    this.#limits = limits;
  }

  /** The child's answer; throws the Fault it reported, `decoder.failed` when it was lost, `request.cancelled` when `signal` came first. */
  async ask(request: Request, signal: AbortSignal | undefined): Promise<Outcome> {
    if (this.#closed) throw closing();
    if (signal?.aborted === true) throw cancelled();
    if (this.#waiting.length >= this.#limit) {
      throw new Fault("decoder.busy", "Too many frames are waiting to be decoded; try again shortly.");
    }
    const drop = () => this.#drop(signal);
    signal?.addEventListener("abort", drop);
    try {
      const outcome = await new Promise<Outcome>((done, failed) => {
        this.#waiting.push({ request, done, failed, signal });
        this.#serve();
      });
      if (outcome.answer.is === "fault") throw faultFrom(outcome.answer);
      return outcome;
    } finally {
      signal?.removeEventListener("abort", drop);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { failed } of this.#waiting.splice(0)) failed(closing());
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
  }

  /** Takes back what waits; what is being decoded runs on within its limits. */
  #drop(signal: AbortSignal | undefined): void {
    for (let at = this.#waiting.length - 1; at >= 0; at--) {
      if (this.#waiting[at]?.signal === signal) this.#waiting.splice(at, 1)[0]?.failed(cancelled());
    }
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#idle.pop() ?? this.#start();
      if (worker === undefined) return;
      const next = this.#waiting.shift();
      if (next !== undefined) void this.#give(worker, next);
    }
  }

  async #give(worker: Worker, { request, done, failed }: Waiting): Promise<void> {
    try {
      done(await worker.run(request));
    } catch (fault) {
      failed(fault);
    }
    if (worker.alive && worker.worn) await worker.stop();
    if (worker.alive) this.#idle.push(worker);
    this.#serve();
  }

  #start(): Worker | undefined {
    if (this.#workers.size >= this.#size || this.#closed) return undefined;
    const worker: Worker = new Worker(this.#limits, () => {
      this.#workers.delete(worker);
      const at = this.#idle.indexOf(worker);
      if (at >= 0) this.#idle.splice(at, 1);
      this.#serve();
    });
    this.#workers.add(worker);
    return worker;
  }
}

/** The Fault that a child reported; a code that no decoder throws becomes `decoder.failed`. */
function faultFrom(answer: Extract<Answer, { is: "fault" }>): Fault {
  const code = Object.hasOwn(FAULTS, answer.code) ? (answer.code as FaultCode) : "decoder.failed";
  const place = answer.place === undefined ? {} : { place: String(answer.place) };
  return new Fault(code, String(answer.message), place);
}

function closing(): Fault {
  return new Fault("decoder.busy", "The decoders are closing.");
}

function cancelled(): Fault {
  return new Fault("request.cancelled", "The frame is no longer wanted.");
}

import { Fault } from "#kit/fault.ts";
import { faultFrom, type Limits, type Outcome, Worker } from "#platform/decoders/pool.ts";
import type { FrameSource, Look, Request } from "#platform/decoders/wire.ts";
import type { PixelAttributes } from "#standards/pixels/attributes.ts";
import { MAX_FRAME_BYTES, type PixelFormat, readPixelFormat } from "#standards/pixels/format.ts";

export type DecoderOptions = {
  /** How many child processes at most (one core each). */
  size: number;
  /** Resident bytes a child may have. */
  memoryLimit: number;
  /** Milliseconds a frame may take. */
  timeLimit: number;
  /** Bytes a decoded frame may have. */
  maxFrameBytes?: number;
  /** Requests that may wait; the next one is refused with `decoder.busy`. */
  queueLimit?: number;
};

type Frame = Uint8Array | readonly Uint8Array[];
export type DecodeRequest = FrameSource & { format: PixelFormat; frame: Frame; signal?: AbortSignal | undefined };
export type RenderRequest = FrameSource &
  Look & { attributes: PixelAttributes; frame: Frame; signal?: AbortSignal | undefined };
export type ThumbnailRequest = FrameSource & {
  attributes: PixelAttributes;
  frame: Frame;
  side?: number;
  signal?: AbortSignal | undefined;
};
export type Rendered = { bytes: Uint8Array; width: number; height: number; mediaType: string };

/** Frames decoded and drawn in child processes, so that a hostile one costs a child and never the server. */
export type Decoders = {
  /** Native little-endian pixels, and the format that describes them now. */
  decode(request: DecodeRequest): Promise<{ pixels: Uint8Array; format: PixelFormat }>;
  render(request: RenderRequest): Promise<Rendered>;
  /** A JPEG of at most `side` (256 unless told, never more) pixels on its longer side. */
  thumbnail(request: ThumbnailRequest): Promise<Rendered>;
  close(): Promise<void>;
};

type Waiting = {
  request: Request;
  done: (outcome: Outcome) => void;
  failed: (fault: unknown) => void;
  signal: AbortSignal | undefined;
};

/** Opens the pool; children start when they are first needed and again after one was lost. */
export function openDecoders(options: DecoderOptions): Decoders {
  const limits: Limits = { ...options, maxFrameBytes: options.maxFrameBytes ?? MAX_FRAME_BYTES };
  const queue = new Queue(options.size, options.queueLimit ?? options.size * 32, limits);
  const { maxFrameBytes } = limits;

  async function render({
    attributes,
    frame,
    signal,
    transferSyntax,
    swap,
    ...look
  }: RenderRequest): Promise<Rendered> {
    readPixelFormat(attributes, maxFrameBytes);
    const source = { transferSyntax, swap };
    const { answer, body } = await queue.ask(
      { do: "render", source, attributes, look, maxFrameBytes, frame: joined(frame) },
      signal,
    );
    if (answer.is !== "rendered") throw new Fault("decoder.failed", "The decoder answered another question.");
    return { bytes: body, width: answer.width, height: answer.height, mediaType: `image/${look.kind}` };
  }

  return {
    async decode({ format, frame, signal, transferSyntax, swap }) {
      const checked = readPixelFormat(format, maxFrameBytes);
      const source = { transferSyntax, swap };
      const { answer, body } = await queue.ask(
        { do: "decode", source, format: checked, maxFrameBytes, frame: joined(frame) },
        signal,
      );
      if (answer.is !== "decoded") throw new Fault("decoder.failed", "The decoder answered another question.");
      return { pixels: body, format: readPixelFormat(answer.format, maxFrameBytes) };
    },
    render,
    thumbnail({ side = 256, ...request }) {
      const edge = Math.max(1, Math.min(256, Math.round(side)));
      return render({ ...request, kind: "jpeg", quality: 80, viewport: { width: edge, height: edge } });
    },
    close: () => queue.close(),
  };
}

/** Fragments of one frame, put together (PS3.5 annex A.4). */
function joined(frame: Frame): Uint8Array {
  if (frame instanceof Uint8Array) return frame;
  return frame.length === 1 && frame[0] !== undefined ? frame[0] : Buffer.concat(frame);
}

/** First come, first served: idle children take the oldest request; past the limit the caller hears `decoder.busy`. */
class Queue {
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

  async ask(request: Request, signal: AbortSignal | undefined): Promise<Outcome> {
    if (this.#closed) throw new Fault("decoder.busy", "The decoders are closing.");
    if (signal?.aborted === true) throw cancelled();
    if (this.#waiting.length >= this.#limit)
      throw new Fault("decoder.busy", "Too many frames are waiting to be decoded; try again shortly.");
    const outcome = await new Promise<Outcome>((done, failed) => {
      this.#waiting.push({ request, done, failed, signal });
      signal?.addEventListener("abort", () => this.#drop(signal), { once: true });
      this.#serve();
    });
    if (outcome.answer.is === "fault") throw faultFrom(outcome.answer);
    return outcome;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { failed } of this.#waiting.splice(0)) failed(new Fault("decoder.busy", "The decoders are closing."));
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
  }

  #drop(signal: AbortSignal): void {
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

function cancelled(): Fault {
  return new Fault("request.cancelled", "The frame is no longer wanted.");
}

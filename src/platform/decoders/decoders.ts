import { Fault } from "#kit/fault.ts";
import { Queue } from "#platform/decoders/queue.ts";
import type { FrameSource, Look, PageWanted, Paragraph, Request } from "#platform/decoders/wire.ts";
import type { Limits } from "#platform/decoders/worker.ts";
import type { PixelAttributes } from "#standards/pixels/attributes.ts";
import { frameBytes, MAX_FRAME_BYTES, type PixelFormat, readPixelFormat } from "#standards/pixels/format.ts";

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
  kind?: Look["kind"];
  signal?: AbortSignal | undefined;
};
export type PageRequest = PageWanted & { signal?: AbortSignal | undefined };
export type DrawnPage = Rendered & { pages: number };
export type Decoded = { pixels: Uint8Array; format: PixelFormat };
export type Rendered = { bytes: Uint8Array; width: number; height: number; mediaType: string };

/** Frames decoded and drawn in child processes, so that a hostile one costs a child and never the server. */
export type Decoders = {
  /** Native little-endian pixels, and the format that describes them now. */
  decode(request: DecodeRequest): Promise<Decoded>;
  render(request: RenderRequest): Promise<Rendered>;
  /** A JPEG of at most `side` (256 unless told, never more) pixels on its longer side. */
  thumbnail(request: ThumbnailRequest): Promise<Rendered>;
  /** A page (from 1) of a PDF as PNG; page 0 draws nothing and tells how many there are. */
  pdf(request: PageRequest & { document: Frame }): Promise<DrawnPage>;
  /** A page (from 1) of a text as PNG; page 0 draws nothing and tells how many there are. */
  text(request: PageRequest & { paragraphs: readonly Paragraph[] }): Promise<DrawnPage>;
  close(): Promise<void>;
};

/** Opens the pool; children start when they are first needed and again after one was lost. */
export function openDecoders(options: DecoderOptions): Decoders {
  const limits: Limits = { ...options, maxFrameBytes: options.maxFrameBytes ?? MAX_FRAME_BYTES };
  const queue = new Queue(options.size, options.queueLimit ?? options.size * 32, limits);
  const { maxFrameBytes } = limits;

  async function decode({ format, frame, signal, transferSyntax }: DecodeRequest): Promise<Decoded> {
    const checked = readPixelFormat(format, maxFrameBytes);
    const source = { transferSyntax };
    const bytes = joined(frame, maxFrameBytes);
    const { answer, body } = await queue.ask(
      { do: "decode", source, format: checked, maxFrameBytes, frame: bytes },
      signal,
    );
    if (answer.is !== "decoded") throw unexpected();
    const now = readPixelFormat(answer.format, maxFrameBytes);
    const same = now.rows === checked.rows && now.columns === checked.columns && body.length === frameBytes(now);
    if (!same) throw unexpected();
    return { pixels: body, format: now };
  }

  async function render({ attributes, frame, signal, transferSyntax, ...look }: RenderRequest): Promise<Rendered> {
    readPixelFormat(attributes, maxFrameBytes);
    const source = { transferSyntax };
    const bytes = joined(frame, maxFrameBytes);
    const { answer, body } = await queue.ask(
      { do: "render", source, attributes, look, maxFrameBytes, frame: bytes },
      signal,
    );
    if (answer.is !== "rendered") throw unexpected();
    return { bytes: body, width: Number(answer.width), height: Number(answer.height), mediaType: `image/${look.kind}` };
  }

  async function page(request: Request, signal: AbortSignal | undefined): Promise<DrawnPage> {
    const { answer, body } = await queue.ask(request, signal);
    if (answer.is !== "page") throw unexpected();
    const [width, height, pages] = [answer.width, answer.height, answer.pages].map(Number) as [number, number, number];
    return { bytes: body, width, height, pages, mediaType: "image/png" };
  }

  return {
    decode,
    render,
    pdf: ({ document, signal, page: number, mark }) =>
      page({ do: "pdf", wanted: { page: number, mark }, frame: joined(document, maxFrameBytes) }, signal),
    text: ({ paragraphs, signal, page: number, mark }) =>
      page({ do: "text", wanted: { page: number, mark }, paragraphs, frame: new Uint8Array() }, signal),
    thumbnail({ side = 256, kind = "jpeg", ...request }) {
      const edge = Math.max(1, Math.min(256, Math.round(side)));
      return render({ ...request, kind, quality: 80, viewport: { width: edge, height: edge, enlarge: false } });
    },
    close: () => queue.close(),
  };
}

/** Fragments of one frame, put together (PS3.5 annex A.4). No compressed frame is much longer than the pixels in it. */
function joined(frame: Frame, maxFrameBytes: number): Uint8Array {
  const fragments = frame instanceof Uint8Array ? [frame] : frame;
  const length = fragments.reduce((sum, fragment) => sum + fragment.length, 0);
  if (length > maxFrameBytes) throw new Fault("input.too-large", `A frame may have at most ${maxFrameBytes} bytes.`);
  const [only] = fragments;
  return fragments.length === 1 && only !== undefined ? only : Buffer.concat(fragments);
}

function unexpected(): Fault {
  return new Fault("decoder.failed", "The decoder answered another question.");
}

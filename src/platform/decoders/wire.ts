import type { PixelAttributes } from "#standards/pixels/attributes.ts";
import type { PixelFormat } from "#standards/pixels/format.ts";
import type { Choice } from "#standards/pixels/picture.ts";

/** The words between the server and a decoder child. Requests are trusted and go as structured clones; answers are not, and come as JSON and bytes. */
export type FrameSource = {
  /** Native frames come little-endian and from their first bit on, whatever the syntax (`cutNativeFrame`). */
  transferSyntax: string;
};

export type PictureKind = "jpeg" | "png" | "webp" | "gif";

/**
 * Lines burned into the picture so that a copy names who received it. Where they stand and which of their letters cover what is
 * beneath comes from `place`, how strongly the others shine through and what noise lies on the pixels from `grain`: 32 bytes each,
 * that nobody outside foretells.
 */
export type Mark = { lines: readonly string[]; place: Uint8Array; grain: Uint8Array };

/** PS3.18 §8.3.5.1.3: a region of the frame (negative width or height flips it) scaled into width × height, aspect kept. */
export type Viewport = {
  width: number;
  height: number;
  /** False: a smaller frame stays as it is. */
  enlarge?: boolean | undefined;
  source?: { left: number; top: number; width: number; height: number } | undefined;
};

export type Look = Choice & {
  kind: PictureKind;
  quality?: number | undefined;
  viewport?: Viewport | undefined;
  mark?: Mark | undefined;
  /** Brightens (above 1) or darkens (below 1) the finished eight bits: it shows nothing that the picture without it does not hold. */
  gamma?: number | undefined;
};

/** A paragraph of a text that is drawn as a picture; `depth` sets it in. */
export type Paragraph = { text: string; depth: number; strong: boolean };

/** A page of a document, from 1; page 0 asks only how many there are. */
export type PageWanted = { page: number; mark?: Mark | undefined };

export type Request =
  | { do: "decode"; source: FrameSource; format: PixelFormat; maxFrameBytes: number; frame: Uint8Array }
  | {
      do: "render";
      source: FrameSource;
      attributes: PixelAttributes;
      look: Look;
      maxFrameBytes: number;
      frame: Uint8Array;
    }
  | { do: "pdf"; wanted: PageWanted; frame: Uint8Array }
  | { do: "text"; wanted: PageWanted; paragraphs: readonly Paragraph[]; frame: Uint8Array };

export type Answer =
  | { is: "ready" }
  | { is: "decoded"; format: PixelFormat }
  | { is: "rendered"; width: number; height: number }
  | { is: "page"; width: number; height: number; pages: number }
  | { is: "fault"; code: string; message: string; place?: string | undefined };

/** Every message is a length of head (4 bytes) and of body (4 bytes), big-endian, then both. */
export const PREFIX_BYTES = 8;
export const MAX_HEAD_BYTES = 1024 * 1024;

export function prefix(head: number, body: number): Uint8Array {
  const bytes = new Uint8Array(PREFIX_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, head);
  view.setUint32(4, body);
  return bytes;
}

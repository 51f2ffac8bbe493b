import type { PixelAttributes } from "#standards/pixels/attributes.ts";
import type { PixelFormat } from "#standards/pixels/format.ts";
import type { Choice } from "#standards/pixels/picture.ts";

/** The words between the server and a decoder child. Requests are trusted and go as structured clones; answers are not, and come as JSON and bytes. */
export type FrameSource = {
  transferSyntax: string;
  /** Reverse this many bytes at a time first: Explicit VR Big Endian (`bigEndianUnit`). */
  swap?: 1 | 2 | 4 | 8 | undefined;
};

export type PictureKind = "jpeg" | "png" | "webp";

/** Lines burned into the picture so that a copy names who received it. */
export type Mark = { lines: readonly string[] };

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
};

export type Request =
  | { do: "decode"; source: FrameSource; format: PixelFormat; maxFrameBytes: number; frame: Uint8Array }
  | {
      do: "render";
      source: FrameSource;
      attributes: PixelAttributes;
      look: Look;
      maxFrameBytes: number;
      frame: Uint8Array;
    };

export type Answer =
  | { is: "ready" }
  | { is: "decoded"; format: PixelFormat }
  | { is: "rendered"; width: number; height: number }
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

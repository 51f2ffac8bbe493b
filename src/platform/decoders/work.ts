import { decodeFrame } from "#platform/decoders/codecs.ts";
import { drawPicture } from "#platform/decoders/draw.ts";
import type { Answer, FrameSource, Request } from "#platform/decoders/wire.ts";
import { type PixelFormat, readPixelFormat } from "#standards/pixels/format.ts";
import { readSamples, swapBytes } from "#standards/pixels/native.ts";
import { toPicture } from "#standards/pixels/picture.ts";

/** Does what one request asks, inside a decoder child. Throws Faults of every function it calls. */
export async function perform(request: Request): Promise<{ answer: Answer; body: Uint8Array }> {
  switch (request.do) {
    case "decode": {
      const { pixels, format } = await decode(request.source, request.format, request.frame);
      return { answer: { is: "decoded", format }, body: pixels };
    }
    case "render": {
      const { attributes, look } = request;
      const wanted = readPixelFormat(attributes, request.maxFrameBytes);
      const { pixels, format } = await decode(request.source, wanted, request.frame);
      const picture = toPicture(format, attributes, readSamples(format, pixels), look);
      const drawn = await drawPicture(picture, look, attributes.pixelAspect);
      return { answer: { is: "rendered", width: drawn.width, height: drawn.height }, body: drawn.bytes };
    }
  }
}

function decode(source: FrameSource, format: PixelFormat, frame: Uint8Array) {
  const straight = source.swap === undefined || source.swap === 1 ? frame : swapBytes(frame, source.swap);
  return decodeFrame(source.transferSyntax, format, straight);
}

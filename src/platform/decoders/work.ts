import { decodeFrame } from "#platform/decoders/codecs/frame.ts";
import { type Page, pdfPage } from "#platform/decoders/drawing/pdf.ts";
import { drawPicture } from "#platform/decoders/drawing/picture.ts";
import { textPage } from "#platform/decoders/drawing/text-page.ts";
import type { Answer, Request } from "#platform/decoders/wire.ts";
import { readPixelFormat } from "#standards/pixels/format.ts";
import { readSamples } from "#standards/pixels/native.ts";
import { toPicture } from "#standards/pixels/picture.ts";

/** Does what one request asks, inside a decoder child. Throws Faults of every function it calls. */
export async function perform(request: Request): Promise<{ answer: Answer; body: Uint8Array }> {
  switch (request.do) {
    case "decode": {
      const { pixels, format } = await decodeFrame(request.source.transferSyntax, request.format, request.frame);
      return { answer: { is: "decoded", format }, body: pixels };
    }
    case "render": {
      const { attributes, look } = request;
      const wanted = readPixelFormat(attributes, request.maxFrameBytes);
      const { pixels, format } = await decodeFrame(request.source.transferSyntax, wanted, request.frame);
      const picture = toPicture(format, attributes, readSamples(format, pixels), look);
      const drawn = await drawPicture(picture, look, attributes.pixelAspect);
      return { answer: { is: "rendered", width: drawn.width, height: drawn.height }, body: drawn.bytes };
    }
    case "pdf":
      return pageAnswer(await pdfPage(request.frame, request.wanted));
    case "text":
      return pageAnswer(await textPage(request.paragraphs, request.wanted));
  }
}

function pageAnswer({ pages, drawn }: Page): { answer: Answer; body: Uint8Array } {
  return {
    answer: { is: "page", pages, width: drawn?.width ?? 0, height: drawn?.height ?? 0 },
    body: drawn?.bytes ?? new Uint8Array(),
  };
}

import { PDFiumLibrary } from "@hyzyla/pdfium";
import sharp from "sharp";
import { Fault } from "#kit/fault.ts";
import { drawPage } from "#platform/decoders/drawing/picture.ts";
import type { PageWanted } from "#platform/decoders/wire.ts";

export type Page = { pages: number; drawn: { bytes: Uint8Array; width: number; height: number } | undefined };

/** Pixels of a page's longer side: an A4 page at 150 dots per inch. */
const SIDE = 1754;
const MOST_PAGES = 2000;
let library: Promise<PDFiumLibrary> | undefined;

/**
 * One page of a PDF (ISO 32000), drawn by PDFium in WebAssembly: no scripts, no forms, nothing fetched. Throws
 * `decoder.failed` for what PDFium cannot open, `input.invalid` for a page that is not there.
 */
export async function pdfPage(bytes: Uint8Array, { page, mark }: PageWanted): Promise<Page> {
  library ??= PDFiumLibrary.init();
  const document = await (await library).loadDocument(bytes).catch((cause: unknown) => {
    throw new Fault("decoder.failed", "The document cannot be drawn.", { cause });
  });
  try {
    const pages = Math.min(document.getPageCount(), MOST_PAGES);
    if (page === 0) return { pages, drawn: undefined };
    if (!Number.isInteger(page) || page < 1 || page > pages)
      throw new Fault("input.invalid", "The document has no such page.", { place: "page" });
    const sheet = document.getPage(page - 1);
    const { originalWidth, originalHeight } = sheet.getOriginalSize();
    const size = fitting(originalWidth, originalHeight);
    const raw = await sheet.render({ ...size, scale: 1, render: ({ data }) => Promise.resolve(data) });
    const image = sharp(raw.data, { raw: { width: raw.width, height: raw.height, channels: 4 } }).removeAlpha();
    return { pages, drawn: await drawPage(image, mark) };
  } finally {
    document.destroy();
  }
}

/** Whatever size a page claims, it is drawn with its longer side at most `SIDE`. */
function fitting(width: number, height: number): { width: number; height: number } {
  if (!(width > 0 && height > 0 && Number.isFinite(width + height)))
    throw new Fault("decoder.failed", "The page has no size.");
  const scale = SIDE / Math.max(width, height);
  return { width: Math.max(16, Math.round(width * scale)), height: Math.max(16, Math.round(height * scale)) };
}

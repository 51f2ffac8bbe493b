import wasm from "@hyzyla/pdfium/pdfium.wasm?url";
import { PDFiumWorkerClient, type PDFiumWorkerDocument, type PDFiumWorkerPage } from "@hyzyla/pdfium/worker";
import { pictureSize } from "./page-size.ts";

/** More pages than a person looks at; a document that claims more is cut there. */
const MOST_PAGES = 2000;

export type PdfPage = {
  /** Height over width. */
  readonly ratio: number;
  /** The page as a picture so many pixels wide. */
  draw(width: number): Promise<ImageData>;
  text(): Promise<string>;
};
export type Pdf = { readonly pages: number; page(number: number): Promise<PdfPage>; close(): void };

/**
 * Opens a PDF in a worker of its own, where PDFium draws its pages: nothing in it runs, nothing is fetched, no form is sent, and
 * it is gone with `close`. Throws for what PDFium cannot open.
 */
export async function openPdf(bytes: Uint8Array): Promise<Pdf> {
  const client = await PDFiumWorkerClient.spawn({ wasmUrl: new URL(wasm, location.href).href });
  const close = () => void client.destroy().catch(() => {});
  let document: PDFiumWorkerDocument;
  try {
    document = await client.loadDocument(bytes);
  } catch (thrown) {
    close();
    throw thrown;
  }
  const pages = Math.min(await document.getPageCount(), MOST_PAGES);
  return { pages, page: (number) => pageOf(document, number - 1), close };
}

async function pageOf(document: PDFiumWorkerDocument, index: number): Promise<PdfPage> {
  // PDFium's page ends with its first use: each takes one of its own.
  const page = (): Promise<PDFiumWorkerPage> => document.getPage(index);
  const { originalWidth, originalHeight } = await (await page()).getOriginalSize();
  const ratio = originalWidth > 0 && originalHeight > 0 ? originalHeight / originalWidth : Math.SQRT2;
  return {
    ratio,
    draw: async (wanted) => {
      const { width, height } = pictureSize(wanted, ratio);
      const drawn = await (await page()).render({ width, height });
      return new ImageData(new Uint8ClampedArray(drawn.data), drawn.width, drawn.height);
    },
    text: async () => (await page()).getText(),
  };
}

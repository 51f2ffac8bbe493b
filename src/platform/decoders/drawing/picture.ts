import sharp, { type Sharp } from "sharp";
import { Fault } from "#kit/fault.ts";
import { addGrain, type Covering, markDrawing } from "#platform/decoders/drawing/mark.ts";
import type { Look, Mark, Viewport } from "#platform/decoders/wire.ts";
import type { Picture } from "#standards/pixels/picture.ts";

sharp.cache(false);
sharp.concurrency(1);

/** No picture is drawn larger than this on either side. */
export const MAX_SIDE = 16384;

/**
 * A picture cropped, flipped and scaled as asked, marked, and written as JPEG, PNG, WebP or GIF. `pixelAspect` is a pixel's height
 * over its width: anything but 1 stretches the picture into square pixels. Throws `input.invalid`.
 */
export async function drawPicture(
  picture: Picture,
  look: Look,
  pixelAspect = 1,
): Promise<{ bytes: Uint8Array; width: number; height: number }> {
  const { width, height, channels } = picture;
  const data = look.gamma === undefined ? picture.data : bent(picture.data, look.gamma);
  const scaled = scale(sharp(data, { raw: { width, height, channels } }), picture, look.viewport, pixelAspect);
  const coloured = channels === 1 ? scaled.toColourspace("b-w") : scaled; // else grey would be written three times
  const marked = look.mark === undefined ? coloured : await withMark(coloured, look.mark, "some letters");
  const drawn = await written(marked, look).toBuffer({ resolveWithObject: true });
  return { bytes: drawn.data, width: drawn.info.width, height: drawn.info.height };
}

/** Each of 256 values through the same curve; 0 and 255 stay. */
function bent(data: Uint8Array, gamma: number): Uint8Array {
  const curve = Uint8Array.from({ length: 256 }, (_, value) => Math.round(255 * (value / 255) ** (1 / gamma)));
  return data.map((value) => curve[value] ?? value);
}

/** A page of a document as PNG, marked. */
export async function drawPage(
  page: Sharp,
  mark: Mark | undefined,
): Promise<{ bytes: Uint8Array; width: number; height: number }> {
  const marked = mark === undefined ? page : await withMark(page, mark, "nothing");
  const drawn = await marked.png().toBuffer({ resolveWithObject: true });
  return { bytes: drawn.data, width: drawn.info.width, height: drawn.info.height };
}

/** The mark goes onto the finished size, so that it is readable and the same everywhere. Pages of text get no noise: there is nothing to measure in them. */
async function withMark(image: Sharp, mark: Mark, covering: Covering): Promise<Sharp> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (covering !== "nothing") addGrain(mark, data);
  const drawing = await sharp(markDrawing(mark, width, height, covering))
    .ensureAlpha()
    .raw()
    .toBuffer();
  const marked = sharp(data, { raw: { width, height, channels } })
    .composite([{ input: drawing, raw: { width, height, channels: 4 } }])
    .removeAlpha();
  return channels === 1 ? marked.toColourspace("b-w") : marked;
}

function scale(image: Sharp, picture: Picture, viewport: Viewport | undefined, pixelAspect: number): Sharp {
  const source = viewport?.source ?? { left: 0, top: 0, width: picture.width, height: picture.height };
  const [wide, high] = [Math.abs(source.width), Math.abs(source.height)];
  const inside =
    source.left >= 0 &&
    source.top >= 0 &&
    wide >= 1 &&
    high >= 1 &&
    source.left + wide <= picture.width &&
    source.top + high <= picture.height;
  if (!inside || !Object.values(source).every(Number.isInteger)) throw invalid("viewport");
  const whole = viewport?.source === undefined;
  let shown = whole ? image : image.extract({ left: source.left, top: source.top, width: wide, height: high });
  if (source.height < 0) shown = shown.flip();
  if (source.width < 0) shown = shown.flop();
  const square = pixelAspect > 0.1 && pixelAspect < 10 ? high * pixelAspect : high;
  if (viewport === undefined && square === high) return shown;
  const fit = viewport === undefined ? 1 : Math.min(viewport.width / wide, viewport.height / square);
  const factor = viewport?.enlarge === false ? Math.min(1, fit) : fit;
  const target = { width: Math.max(1, Math.round(wide * factor)), height: Math.max(1, Math.round(square * factor)) };
  if (!(target.width <= MAX_SIDE && target.height <= MAX_SIDE)) throw invalid("viewport");
  return shown.resize({ ...target, fit: "fill" });
}

function written(image: Sharp, look: Look): Sharp {
  const quality = Math.max(1, Math.min(100, Math.round(look.quality ?? 90)));
  switch (look.kind) {
    case "jpeg":
      return image.jpeg({ quality });
    case "png":
      return image.png();
    case "webp":
      return image.webp({ quality });
    case "gif":
      return image.toColourspace("srgb").gif({ dither: 0 });
  }
}

function invalid(place: string): Fault {
  return new Fault("input.invalid", "The region must lie within the frame and the picture within its limit.", {
    place,
  });
}

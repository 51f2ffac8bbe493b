import { Fault } from "#kit/fault.ts";
import type { Look, Viewport } from "#platform/decoders/wire.ts";
import { parseAccept, parseMediaType, typeFits } from "#standards/dicomweb/media-types.ts";
import type { VoiFunction } from "#standards/pixels/window.ts";

/** How pictures are asked for: their kind, one or many, and how they look. PS3.18 §8.7.4 and §8.3.5. */

const KINDS = [
  ["image/jpeg", "jpeg"],
  ["image/png", "png"],
  ["image/webp", "webp"],
  ["image/gif", "gif"],
] as const;
export type PictureWanted = { kind: Look["kind"]; mediaType: string; multipart: boolean };

/** The first kind of picture that a client takes. @throws Fault answer.not-acceptable */
export function pictureWanted(accept: string | undefined): PictureWanted {
  for (const { type, parameters } of parseAccept(accept)) {
    const multipart = type === "multipart/related";
    const inner = multipart ? (parseMediaType(parameters.get("type") ?? "image/jpeg")?.type ?? "") : type;
    const fits = KINDS.find(([known]) => typeFits(inner, known));
    if (fits) return { mediaType: fits[0], kind: fits[1], multipart };
  }
  throw new Fault("answer.not-acceptable", "Pictures come as image/jpeg, image/png, image/gif or image/webp.", {
    place: "Accept",
  });
}

/** JPEG whenever a client takes it: pages ask for many thumbnails at once, and it is drawn fastest. */
export function thumbnailKind(accept: string | undefined): Look["kind"] {
  const { kind } = pictureWanted(accept);
  return parseAccept(accept).some(({ type }) => typeFits(type, "image/jpeg")) ? "jpeg" : kind;
}

const FUNCTIONS: Readonly<Record<string, VoiFunction>> = {
  linear: "LINEAR",
  "linear-exact": "LINEAR_EXACT",
  sigmoid: "SIGMOID",
};
const MOST_SIDE = 8192;

/** Window, viewport and quality. @throws Fault input.invalid that names the parameter */
export function lookOf(query: URLSearchParams): Pick<Look, "window" | "voiFunction" | "viewport" | "quality"> {
  const quality = query.get("quality");
  if (quality !== null && !/^([1-9]\d?|100)$/.test(quality)) throw invalid("quality", "quality is 1 to 100.");
  return {
    ...windowOf(query.get("window")),
    ...viewportOf(query.get("viewport")),
    ...(quality === null ? {} : { quality: Number(quality) }),
  };
}

function windowOf(text: string | null): Pick<Look, "window" | "voiFunction"> {
  if (text === null) return {};
  const [center, width, name = "linear", ...rest] = text.split(",").map((part) => part.trim());
  const voiFunction = FUNCTIONS[name.toLowerCase()];
  const window = { center: numberIn(center), width: numberIn(width) };
  const least = voiFunction === "LINEAR" ? 1 : Number.MIN_VALUE;
  if (voiFunction === undefined || rest.length > 0 || !Number.isFinite(window.center) || !(window.width >= least))
    throw invalid("window", "window is center,width,function; the function is linear, linear-exact or sigmoid.");
  return { window, voiFunction };
}

/** §8.3.5.1.3: width and height of the picture, then a region of the frame; a negative width or height flips it. */
function viewportOf(text: string | null): { viewport?: Viewport } {
  if (text === null) return {};
  const [width, height, ...region] = text.split(",").map((part) => numberIn(part.trim()));
  const side = (value: number | undefined): value is number =>
    value !== undefined && Number.isInteger(value) && value > 0 && value <= MOST_SIDE;
  if (!side(width) || !side(height) || (region.length !== 0 && region.length !== 4) || !region.every(Number.isInteger))
    throw invalid("viewport", `viewport is width,height or width,height,x,y,w,h in pixels, at most ${MOST_SIDE}.`);
  const [left, top, wide, high] = region;
  if (left === undefined || top === undefined || wide === undefined || high === undefined)
    return { viewport: { width, height } };
  return { viewport: { width, height, source: { left, top, width: wide, height: high } } };
}

const numberIn = (text: string | undefined): number =>
  text !== undefined && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : Number.NaN;

function invalid(place: string, message: string): Fault {
  return new Fault("input.invalid", message, { place });
}

import { cache, imageLoader, type Types } from "@cornerstonejs/core";
import { readPixelFormat } from "#standards/pixels/format.ts";
import { pixelAttributesFromJson } from "#standards/pixels/json.ts";
import { Refused } from "../../api.ts";
import type { Frame } from "../dicom/frames.ts";
import { transferSyntaxOf } from "../source/multipart.ts";
import { getBlob, getPart, isAbort } from "../source/wire.ts";
import { decode } from "./decode.ts";
import { rgbOf } from "./jpeg-picture.ts";
import { imageOf, ofRgb, type Shown, shownOf } from "./picture.ts";
import { frameOf, SCHEME } from "./registry.ts";
import { Schedule } from "./schedule.ts";

/** How near each image is to what a pane shows: set by the panes, read at every free place on the wire. */
const nearness = new Map<string, number>();
/** HTTP/1.1 gives a page six connections; one stays free for what is clicked. */
const WIDTH = 5;
/** The first image of all has the line to itself: side by side with others it would come as late as the last of them. */
const FIRST_WIDTH = 1;
const wire = new Schedule<string>((imageId) => nearness.get(imageId) ?? Number.MAX_SAFE_INTEGER, FIRST_WIDTH);
let session = new AbortController();

/** Panes say what they show and will want: lower is sooner. Ids that no pane names wait at the end. */
export function rank(ranks: ReadonlyMap<string, number>): void {
  nearness.clear();
  for (const [imageId, value] of ranks) nearness.set(imageId, value);
  wire.drop((imageId) => nearness.has(imageId) || !isPrefetch.has(imageId));
  wire.pump();
}

const isPrefetch = new Set<string>();
/** What could not be loaded ahead is not asked for again until someone wants to see it. */
const failed = new Set<string>();
/** Loads images that are not shown yet, nearest first, within what the cache may hold. Failures stay silent until shown. */
export function prefetch(imageIds: readonly string[]): void {
  for (const imageId of imageIds) {
    if (cache.getImageLoadObject(imageId) || isPrefetch.has(imageId) || failed.has(imageId)) continue;
    isPrefetch.add(imageId);
    wire.add(imageId, async () => {
      isPrefetch.delete(imageId);
      if (cache.getImageLoadObject(imageId) || cache.getBytesAvailable() < cache.getMaxCacheSize() / 5) return;
      const promise = load(imageId);
      void cache.putImageLoadObject(imageId, { promise }).catch(() => {});
      await promise.catch(() => {
        failed.add(imageId);
        dropImage(imageId);
      });
    });
  }
}

export function registerLoader(): void {
  imageLoader.registerImageLoader(SCHEME, (imageId) => {
    const promise = new Promise<Types.IImage>((resolve, reject) => {
      isPrefetch.delete(imageId);
      failed.delete(imageId);
      wire.add(imageId, () => load(imageId).then(resolve, reject));
    });
    // Cached here, so that a failure is heard by who asked and by nobody else.
    void cache.putImageLoadObject(imageId, { promise }).catch(() => failed.add(imageId));
    return { promise: promise as Promise<Types.IImage> & Promise<Record<string, unknown>> };
  });
}

/** Forgets one image, if it is held at all, so that it can be asked for again. */
export function dropImage(imageId: string): void {
  if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId, { force: true });
}

/** Aborts every request and forgets every pixel. */
export function forgetImages(): void {
  session.abort();
  session = new AbortController();
  wire.drop();
  wire.width = FIRST_WIDTH;
  isPrefetch.clear();
  failed.clear();
  nearness.clear();
  palettes.clear();
  cache.purgeCache();
}

async function load(imageId: string): Promise<Types.IImage> {
  const frame = frameOf(imageId);
  if (!frame) throw new Error("This image is not open any more.");
  const { signal } = session;
  try {
    return imageOf(imageId, frame, await shownFrom(frame, signal));
  } finally {
    if (!signal.aborted) wire.width = WIDTH;
  }
}

/** The frame as stored and decoded here; where that cannot be, as the server pictures it. */
async function shownFrom(frame: Frame, signal: AbortSignal): Promise<Shown> {
  let reason: unknown;
  try {
    const bulk = await tablesOf(frame, signal);
    const attributes = pixelAttributesFromJson(frame.instance, frame.number, (uri) => bulk.get(uri));
    const format = readPixelFormat(attributes);
    const part = await getPart(`${frame.url}/frames/${frame.number}`, signal);
    const transferSyntax = transferSyntaxOf(part.type) || frame.transferSyntax;
    return shownOf(attributes, format, await decode(format, transferSyntax, part.bytes));
  } catch (thrown) {
    // 406: the server has no such form of it to give. Any other refusal is an answer, not a reason to try something else.
    if (isAbort(thrown) || (thrown instanceof Refused && thrown.status !== 406)) throw thrown;
    reason = thrown;
  }
  const picture = await getBlob(`${frame.url}/frames/${frame.number}/rendered`, "image/png, image/jpeg", signal).catch(
    (thrown: unknown) => {
      throw isAbort(thrown) || (thrown instanceof Refused && thrown.status !== 406 && thrown.status < 500)
        ? thrown
        : reason;
    },
  );
  return { ...ofRgb(await rgbOf(picture, frame.columns, frame.rows)), rendered: true };
}

const TABLES = ["00281201", "00281202", "00281203", "00281221", "00281222", "00281223"];
const palettes = new Map<string, Promise<Uint8Array>>();

/** Lookup tables that stand behind an address are fetched once per address. */
async function tablesOf(frame: Frame, signal: AbortSignal): Promise<ReadonlyMap<string, Uint8Array>> {
  const uris = frame.photometric === "PALETTE COLOR" ? urisIn(frame.instance, TABLES) : lutUrisOf(frame.instance);
  const found = await Promise.all(uris.map(async (uri) => [uri, await table(uri, frame, signal)] as const));
  return new Map(found);
}

function table(uri: string, frame: Frame, signal: AbortSignal): Promise<Uint8Array> {
  const held = palettes.get(uri);
  if (held) return held;
  const asked = getPart(sameOrigin(uri, frame.url), signal).then(({ bytes }) => bytes);
  palettes.set(uri, asked);
  asked.catch(() => palettes.delete(uri));
  return asked;
}

/** A bulk address relative to the instance, and never anywhere but here. */
function sameOrigin(uri: string, base: string): string {
  const { pathname, search } = new URL(uri, new URL(`${base}/`, location.href));
  return pathname + search;
}

type Held = { BulkDataURI?: string; Value?: readonly unknown[] };
const urisIn = (from: Readonly<Record<string, unknown>>, tags: readonly string[]): string[] =>
  tags.flatMap((tag) => {
    const uri = (from[tag] as Held | undefined)?.BulkDataURI;
    return typeof uri === "string" ? [uri] : [];
  });

/** Modality and VOI tables (0028,3006) within their sequences. */
const lutUrisOf = (from: Readonly<Record<string, unknown>>): string[] =>
  ["00283000", "00283010"].flatMap((sequence) =>
    ((from[sequence] as Held | undefined)?.Value ?? []).flatMap((item) =>
      typeof item === "object" && item !== null ? urisIn(item as Record<string, unknown>, ["00283006"]) : [],
    ),
  );

import { denied } from "#features/sharing/gate.ts";
import { type Asked, acceptOf, type DicomwebNeeds, type Handler } from "#features/studies/dicomweb/asked.ts";
import { frameNumbers } from "#features/studies/dicomweb/frames.ts";
import { admit, listed, type WithParts, withParts } from "#features/studies/dicomweb/instances.ts";
import { attributesOf, frameIndexOf, readableFrame, readableSyntax } from "#features/studies/stored-object.ts";
import { Fault } from "#kit/fault.ts";
import { frameCount } from "#standards/dicom/frames.ts";
import { parseAccept, typeFits } from "#standards/dicomweb/media-types.ts";
import { pixelAttributesFromJson } from "#standards/pixels/json.ts";

const KINDS = [
  ["image/jpeg", "jpeg"],
  ["image/png", "png"],
  ["image/webp", "webp"],
] as const;
type Kind = (typeof KINDS)[number][1];

function kindOf(accept: string | undefined): Kind {
  for (const range of parseAccept(accept)) {
    const fits = KINDS.find(([type]) => typeFits(range.type, type));
    if (fits) return fits[1];
  }
  throw new Fault("answer.not-acceptable", "Pictures come as image/jpeg, image/png or image/webp.", {
    place: "Accept",
  });
}

/** PS3.18 §10.4.1.1.3: one frame drawn as a picture; for a series or study its middle image. */
export const rendered: Handler = async (needs, asked, request, reply) => {
  const kind = kindOf(acceptOf(asked, request));
  const look = lookOf(asked.query);
  const { opened, count } = await admit(needs, asked, "view");
  const source = await frameOf(needs, asked, await middle(needs, asked, opened));
  const picture = await needs.world.decoders.render({ ...source, ...look, kind, signal: asked.signal });
  count({ frames: 1, bytes: picture.bytes.length });
  return reply
    .type(picture.mediaType)
    .send(Buffer.from(picture.bytes.buffer, picture.bytes.byteOffset, picture.bytes.byteLength));
};

/** PS3.18 §10.4.1.1.4: a small picture of whatever the path names, at all four levels. */
export const thumbnail: Handler = async (needs, asked, _request, reply) => {
  const { opened, count } = await admit(needs, asked, "view");
  const source = await frameOf(needs, asked, await middle(needs, asked, opened));
  const picture = await needs.world.decoders.thumbnail({ ...source, signal: asked.signal });
  count({ frames: 1, bytes: picture.bytes.length });
  return reply
    .type(picture.mediaType)
    .header("cache-control", "no-store")
    .send(Buffer.from(picture.bytes.buffer, picture.bytes.byteOffset, picture.bytes.byteLength));
};

/** The instance that stands for the path: the one named, else the middle image of the first series that has images. */
async function middle(needs: DicomwebNeeds, asked: Asked, opened: Parameters<typeof withParts>[2]): Promise<WithParts> {
  if (asked.instance === undefined) {
    const rows = (await listed(needs, asked, opened)).filter((row) => (row.frames ?? 0) > 0);
    const first = rows.filter((row) => row.series_uid === rows[0]?.series_uid);
    const chosen = first[Math.floor(first.length / 2)];
    if (!chosen) throw denied();
    return middle(needs, { ...asked, series: chosen.series_uid, instance: chosen.sop_instance_uid }, opened);
  }
  for await (const found of withParts(needs, asked, opened)) return found;
  throw denied();
}

async function frameOf(needs: DicomwebNeeds, asked: Asked, { object, parts }: WithParts) {
  const index = frameIndexOf(object, parts);
  const frames = frameCount(index);
  const frame = asked.frames === undefined ? Math.floor(frames / 2) : (frameNumbers(asked.frames)[0] ?? 1) - 1;
  const json = await attributesOf(object, parts);
  const pieces = await readableFrame(needs.world.blobs, object, index, frame, json);
  if (!pieces) throw denied();
  return {
    attributes: pixelAttributesFromJson(json, frame + 1),
    frame: pieces,
    transferSyntax: readableSyntax(object.row),
  };
}

/** PS3.18 §8.3.5.1: window, viewport and quality. @throws Fault input.invalid */
function lookOf(query: URLSearchParams) {
  const window = query.get("window")?.split(",");
  const viewport = query.get("viewport")?.split(",").map(Number);
  const quality = query.get("quality");
  const [center, width] = (window ?? []).map(Number);
  if (window && !(Number.isFinite(center) && Number.isFinite(width) && Number(width) > 0))
    throw new Fault("input.invalid", "window is center,width,function.", { place: "window" });
  if (viewport && !viewport.slice(0, 2).every((side) => Number.isInteger(side) && side > 0 && side <= 8192))
    throw new Fault("input.invalid", "viewport begins with width,height in pixels, at most 8192.", {
      place: "viewport",
    });
  if (quality !== null && !/^([1-9]\d?|100)$/.test(quality))
    throw new Fault("input.invalid", "quality is 1 to 100.", { place: "quality" });
  return {
    ...(window ? { window: { center: Number(center), width: Number(width) } } : {}),
    ...(viewport ? { viewport: { width: viewport[0] ?? 1, height: viewport[1] ?? 1 } } : {}),
    ...(quality === null ? {} : { quality: Number(quality) }),
  };
}

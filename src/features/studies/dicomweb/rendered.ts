import { Readable } from "node:stream";
import { denied, type Opened } from "#features/sharing/gate.ts";
import { type Asked, acceptOf, baseOf, type DicomwebNeeds, type Handler } from "#features/studies/dicomweb/asked.ts";
import { frameNumbers } from "#features/studies/dicomweb/frames.ts";
import { type Admitted, admit, listed, oneWithParts, withParts } from "#features/studies/dicomweb/instances.ts";
import { lookOf, type PictureWanted, pictureWanted, thumbnailKind } from "#features/studies/dicomweb/look.ts";
import type { WithParts } from "#features/studies/dicomweb/recent-instances.ts";
import { rejudge } from "#features/studies/rejudge.ts";
import { attributesOf, frameIndexOf, readableFrame, readableSyntax } from "#features/studies/stored-object.ts";
import type { Rendered } from "#platform/decoders/decoders.ts";
import { frameCount } from "#standards/dicom/frames.ts";
import { closing, newBoundary, partHead } from "#standards/dicomweb/multipart.ts";
import { pixelAttributesFromJson, pixelsOnly } from "#standards/pixels/json.ts";

/**
 * PS3.18 §10.4.1.1.3: frames drawn as pictures. Asked for one, it is the frame named, else the middle of what the path names;
 * asked for multipart/related or for several frames, all of them, one after the other.
 */
export const rendered: Handler = async (needs, asked, request, reply) => {
  const wanted = pictureWanted(acceptOf(asked, request));
  const look = { ...lookOf(asked.query), kind: wanted.kind, signal: asked.signal };
  const numbers = asked.frames === undefined ? [] : frameNumbers(asked.frames);
  const admitted = await admit(needs, asked, "view");
  const draw = async (found: WithParts, frame: number): Promise<Rendered> =>
    needs.world.decoders.render({ ...(await frameOf(needs, found, frame)), ...look });
  if (wanted.multipart || numbers.length > 1) {
    const all = drawnOnes(needs, asked, admitted, { numbers, draw });
    const first = await all.next(); // what cannot be drawn at all is still a clean refusal
    if (first.done) throw denied();
    const boundary = newBoundary();
    const base = `${baseOf(asked, request)}/studies/${admitted.opened.studyUid}`;
    return reply
      .type(`multipart/related; type="${wanted.mediaType}"; boundary="${boundary}"`)
      .send(Readable.from(partsOf(first.value, all, { wanted, boundary, base })));
  }
  const found = await middle(needs, asked, admitted.opened);
  const picture = await draw(found, numbers[0] ?? middleFrame(found));
  admitted.count({ frames: 1, bytes: picture.bytes.length });
  return reply.type(picture.mediaType).send(bufferOf(picture));
};

/** PS3.18 §10.4.1.1.4: a small picture of whatever the path names, at all four levels. */
export const thumbnail: Handler = async (needs, asked, request, reply) => {
  const kind = thumbnailKind(acceptOf(asked, request));
  const numbers = asked.frames === undefined ? [] : frameNumbers(asked.frames);
  const { opened, count } = await admit(needs, asked, "thumbnail");
  const found = await middle(needs, asked, opened);
  const source = await frameOf(needs, found, numbers[0] ?? middleFrame(found));
  const picture = await needs.world.decoders.thumbnail({ ...source, kind, signal: asked.signal });
  count({ frames: 1, bytes: picture.bytes.length });
  return reply.type(picture.mediaType).send(bufferOf(picture));
};

const bufferOf = ({ bytes }: Rendered): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

type Drawn = { picture: Rendered; found: WithParts; frame: number };

async function* drawnOnes(
  needs: DicomwebNeeds,
  asked: Asked,
  { opened, count }: Admitted,
  how: { numbers: readonly number[]; draw: (found: WithParts, frame: number) => Promise<Rendered> },
): AsyncGenerator<Drawn, void, undefined> {
  const allowed = rejudge(() => needs.gate.open("view", asked.who, asked.owner, opened.studyUid));
  for await (const found of withParts(needs, asked, opened)) {
    const frames = frameCount(frameIndexOf(found.object, found.parts));
    const numbers = how.numbers.length > 0 ? how.numbers : Array.from({ length: frames }, (_, at) => at + 1);
    if (numbers.some((number) => number > frames)) throw denied();
    for (const frame of numbers) {
      const picture = await how.draw(found, frame);
      await allowed(picture.bytes.length);
      count({ frames: 1, bytes: picture.bytes.length });
      yield { picture, found, frame };
    }
  }
}

async function* partsOf(
  first: Drawn,
  rest: AsyncIterable<Drawn>,
  { wanted, boundary, base }: { wanted: PictureWanted; boundary: string; base: string },
): AsyncGenerator<Buffer> {
  const part = function* ({ picture, found: { object }, frame }: Drawn, isFirst: boolean): Generator<Buffer> {
    const location = `${base}/series/${object.row.series_uid}/instances/${object.row.sop_instance_uid}/frames/${frame}/rendered`;
    yield partHead(boundary, { "Content-Type": wanted.mediaType, "Content-Location": location }, isFirst);
    yield bufferOf(picture);
  };
  yield* part(first, true);
  for await (const drawn of rest) yield* part(drawn, false);
  yield closing(boundary, false);
}

/** The instance that stands for the path: the one named, else the middle image of the first series that has images. */
async function middle(needs: DicomwebNeeds, asked: Asked, opened: Opened): Promise<WithParts> {
  if (asked.instance !== undefined) return oneWithParts(needs, asked, opened);
  const rows = (await listed(needs, asked, opened)).filter((row) => (row.frames ?? 0) > 0);
  const first = rows.filter((row) => row.series_uid === rows[0]?.series_uid);
  const chosen = first[Math.floor(first.length / 2)];
  if (!chosen) throw denied();
  return oneWithParts(needs, { ...asked, series: chosen.series_uid, instance: chosen.sop_instance_uid }, opened);
}

/** From 1. */
function middleFrame({ object, parts }: WithParts): number {
  return Math.floor(frameCount(frameIndexOf(object, parts)) / 2) + 1;
}

async function frameOf(needs: DicomwebNeeds, { object, parts }: WithParts, frame: number) {
  const json = await attributesOf(object, parts, pixelsOnly(frame));
  const pieces = await readableFrame(needs.world, object, frameIndexOf(object, parts), frame - 1, json);
  if (!pieces) throw denied();
  return {
    attributes: pixelAttributesFromJson(json, frame),
    frame: pieces,
    transferSyntax: readableSyntax(object.row),
  };
}

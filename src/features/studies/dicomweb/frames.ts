import { Readable } from "node:stream";
import { denied } from "#features/sharing/gate.ts";
import { acceptOf, baseOf, type DicomwebNeeds, type Handler } from "#features/studies/dicomweb/asked.ts";
import { admit, oneWithParts } from "#features/studies/dicomweb/instances.ts";
import type { WithParts } from "#features/studies/dicomweb/recent-instances.ts";
import { rejudge } from "#features/studies/rejudge.ts";
import { attributesOf, frameIndexOf, readableFrame, storedFrame } from "#features/studies/stored-object.ts";
import { Fault } from "#kit/fault.ts";
import { unchanged } from "#platform/http/ranges.ts";
import { sendWhole } from "#platform/http/whole.ts";
import { type FrameIndex, frameCount } from "#standards/dicom/frames.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { EXPLICIT_LE, transferSyntaxOrPrivate } from "#standards/dicom/transfer-syntaxes.ts";
import { chooseRelated, frameMediaTypes, parseAccept, type Wanted } from "#standards/dicomweb/media-types.ts";
import { closing, newBoundary, partHead } from "#standards/dicomweb/multipart.ts";
import { asDescribed } from "#standards/pixels/described.ts";
import { readPixelFormat } from "#standards/pixels/format.ts";
import { pixelAttributesFromJson, pixelsOnly } from "#standards/pixels/json.ts";

const OCTETS = "application/octet-stream";
const MOST_FRAMES = 10_000;

/** The frame numbers of a path, from 1. @throws Fault input.invalid */
export function frameNumbers(text: string | undefined): number[] {
  const numbers = (text ?? "").split(",").map((part) => (/^\d{1,7}$/.test(part) ? Number(part) : 0));
  if (numbers.length > MOST_FRAMES || numbers.some((number) => number < 1))
    throw new Fault("input.invalid", "Frames are numbered from 1, separated by commas.", { place: "frames" });
  return numbers;
}

/** How a frame will leave: as stored, or decoded to native little endian. */
type Plan = { as: "stored"; contentType: string } | { as: "decoded"; contentType: string };

function planFor(wanted: Wanted, stored: string): Plan {
  const syntax = transferSyntaxOrPrivate(stored);
  const native = { as: "decoded", contentType: `${OCTETS}; transfer-syntax=${EXPLICIT_LE}` } as const;
  const asked = wanted.transferSyntax;
  if (!syntax.encapsulated) {
    if (wanted.type !== OCTETS || (asked !== undefined && asked !== "*" && asked !== EXPLICIT_LE && asked !== stored))
      throw notAcceptable();
    return syntax.bigEndian ? native : { as: "stored", contentType: native.contentType };
  }
  const own = frameMediaTypes(stored);
  if (wanted.type !== OCTETS) {
    if (!own.includes(wanted.type) || (asked !== undefined && asked !== "*" && asked !== stored)) throw notAcceptable();
    return { as: "stored", contentType: `${wanted.spelled}; transfer-syntax=${stored}` };
  }
  if (asked === "*" || asked === stored) return { as: "stored", contentType: `${OCTETS}; transfer-syntax=${stored}` };
  if (asked === undefined || asked === EXPLICIT_LE) return native;
  throw notAcceptable();
}

function notAcceptable(): Fault {
  return new Fault(
    "answer.not-acceptable",
    "The frames are not stored in that form; ask for application/octet-stream, with transfer-syntax=* for the stored one.",
    { place: "Accept" },
  );
}

/** PS3.18 §10.4.1.1.6: frames, numbered from 1, in the order asked. The first acceptable form wins. */
export const retrieveFrames: Handler = async (needs, asked, request, reply) => {
  const numbers = frameNumbers(asked.frames);
  const { opened, count } = await admit(needs, asked, "view");
  const letIn = Date.now();
  const found = await oneWithParts(needs, asked, opened);
  const { object, parts } = found;
  const index = frameIndexOf(object, parts);
  if (numbers.some((number) => number > frameCount(index))) throw denied();
  const { wanted, plan } = chosen(acceptOf(asked, request), object.row.transfer_syntax);
  if (numbers.length === 1) {
    const form = `${plan.as}.${wanted.multipart ? "parts" : "one"}.${wanted.spelled}`;
    if (unchanged(request, reply, `${object.row.id}.${numbers[0]}.${form}`)) return reply;
  }
  const reshaped = plan.as === "decoded" || (index.is === "native" && index.frameBits % 8 !== 0);
  const json = reshaped ? await attributesOf(object, parts, pixelsOnly()) : null;
  const allowed = rejudge(() => needs.gate.open("view", asked.who, asked.owner, opened.studyUid), letIn);
  const take = async (number: number): Promise<Buffer[]> => {
    const pieces = await frameAs(needs, found, index, number - 1, json, asked.signal);
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    await allowed(bytes);
    count({ frames: 1, bytes });
    return pieces;
  };
  const first = await take(numbers[0] ?? 1); // what cannot be decoded is still a clean refusal
  if (!wanted.multipart && numbers.length === 1) return sendWhole(reply.type(plan.contentType), first);
  const boundary = newBoundary();
  const base = `${baseOf(asked, request)}/studies/${opened.studyUid}/series/${object.row.series_uid}/instances/${object.row.sop_instance_uid}/frames`;
  async function* body(): AsyncGenerator<Buffer> {
    for (const [at, number] of numbers.entries()) {
      yield partHead(boundary, { "Content-Type": plan.contentType, "Content-Location": `${base}/${number}` }, at === 0);
      yield* at === 0 ? first : await take(number);
    }
    yield closing(boundary, false);
  }
  const related = plan.contentType.split(";")[0] ?? OCTETS;
  reply.type(`multipart/related; type="${related}"; boundary="${boundary}"`);
  if (numbers.length > 1) return reply.send(Readable.from(body()));
  return sendWhole(reply, await Array.fromAsync(body()));
};

function chosen(accept: string | undefined, stored: string): { wanted: Wanted; plan: Plan } {
  const types = [OCTETS, ...frameMediaTypes(stored)];
  for (const range of parseAccept(accept)) {
    const wanted = chooseRelated([range], types, { single: true });
    if (!wanted) continue;
    try {
      return { wanted, plan: planFor(wanted, stored) };
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown; // the next range may fit
    }
  }
  throw notAcceptable();
}

async function frameAs(
  needs: DicomwebNeeds,
  { object }: WithParts,
  index: FrameIndex,
  frame: number,
  json: JsonDataSet | null,
  signal: AbortSignal,
): Promise<Buffer[]> {
  const { decoders } = needs.world;
  const pieces =
    json === null
      ? await storedFrame(needs.world, object, index, frame)
      : await readableFrame(needs.world, object, index, frame, json);
  if (!pieces) throw denied();
  if (json === null || index.is === "native") return pieces;
  const format = readPixelFormat(pixelAttributesFromJson(json));
  const decoded = await decoders.decode({
    transferSyntax: object.row.transfer_syntax,
    format,
    frame: pieces,
    signal,
  });
  const pixels = asDescribed(format, decoded.pixels, decoded.format);
  return [Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength)];
}

import { Readable } from "node:stream";
import { denied } from "#features/sharing/gate.ts";
import type { Handler } from "#features/studies/dicomweb/asked.ts";
import { acceptOf, baseOf } from "#features/studies/dicomweb/asked.ts";
import { retrieveFrames } from "#features/studies/dicomweb/frames.ts";
import { admit, oneWithParts } from "#features/studies/dicomweb/instances.ts";
import { locate, type Value, valuesOf } from "#features/studies/element-bytes.ts";
import { rejudge } from "#features/studies/rejudge.ts";
import { frameIndexOf } from "#features/studies/stored-object.ts";
import { Fault } from "#kit/fault.ts";
import { sendRange, unchanged } from "#platform/http/ranges.ts";
import { frameCount } from "#standards/dicom/frames.ts";
import { EXPLICIT_LE } from "#standards/dicom/transfer-syntaxes.ts";
import { chooseRelated, parseAccept } from "#standards/dicomweb/media-types.ts";
import { closing, newBoundary, partHead } from "#standards/dicomweb/multipart.ts";

const OCTETS = "application/octet-stream";
const PIXEL_DATA = "7FE00010";

/**
 * PS3.18 §10.4.1.1.5: one value by the address that metadata gave: multipart, or single with ranges of bytes when that is asked
 * for. Encapsulated pixel data are its frames, and come as those do.
 */
export const retrieveBulkData: Handler = async (needs, asked, request, reply) => {
  const path = (asked.bulk ?? "").split("/");
  if (path.length > 129 || !path.every((part, at) => (at % 2 === 0 ? /^[0-9A-F]{8}$/ : /^\d{1,6}$/).test(part)))
    throw denied();
  const { opened, count } = await admit(needs, asked, "view");
  const { object, parts } = await oneWithParts(needs, asked, opened);
  if (path.length === 1 && path[0] === PIXEL_DATA) {
    const index = frameIndexOf(object, parts);
    const all = Array.from({ length: frameCount(index) }, (_, at) => at + 1).join(",");
    if (index.is === "encapsulated" && all !== "")
      return retrieveFrames(needs, { ...asked, frames: all }, request, reply);
  }
  const wanted = chooseRelated(parseAccept(acceptOf(asked, request)), [OCTETS], { single: true });
  const syntax = wanted?.transferSyntax ?? "*";
  if (!wanted || (syntax !== "*" && syntax !== EXPLICIT_LE && syntax !== object.row.transfer_syntax))
    throw new Fault("answer.not-acceptable", "Bulk data comes as application/octet-stream.", { place: "Accept" });
  const found = await locate(needs, object, path);
  const values = found ? valuesOf(needs, object, found) : [];
  const [first] = values;
  if (!first) throw denied();
  if (unchanged(request, reply, `${object.row.id}.${path.join(".")}`)) return reply;
  const allowed = rejudge(() => needs.gate.open("view", asked.who, asked.owner, opened.studyUid));
  async function* bytesOf(value: Value, start = 0, end = value.length): AsyncGenerator<Uint8Array> {
    for await (const piece of value.bytes(start, end)) {
      await allowed(piece.length);
      count({ bytes: piece.length });
      yield piece;
    }
  }
  void reply.header("content-disposition", "attachment"); // RFC 6266: kept as a file, never shown
  if (!wanted.multipart && values.length === 1) {
    void reply.type(OCTETS);
    return sendRange(request, reply, first.length, ({ start, end }) => bytesOf(first, start, end));
  }
  const boundary = newBoundary();
  const location = `${baseOf(asked, request)}/studies/${opened.studyUid}/series/${object.row.series_uid}/instances/${object.row.sop_instance_uid}/bulkdata/${path.join("/")}`;
  const head = { "Content-Type": `${OCTETS}; transfer-syntax=${EXPLICIT_LE}`, "Content-Location": location };
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const [at, value] of values.entries()) {
      yield partHead(boundary, head, at === 0);
      yield* bytesOf(value);
    }
    yield closing(boundary, false);
  }
  return reply.type(`multipart/related; type="${OCTETS}"; boundary="${boundary}"`).send(Readable.from(body()));
};

import { Readable } from "node:stream";
import type { Opened } from "#features/sharing/gate.ts";
import { acceptOf, baseOf, type DicomwebNeeds, type Handler } from "#features/studies/dicomweb/asked.ts";
import { admit, listed } from "#features/studies/dicomweb/instances.ts";
import type { InstanceRecord } from "#features/studies/queries.ts";
import { rejudge } from "#features/studies/rejudge.ts";
import { damageOf, plainRange, storedObject } from "#features/studies/stored-object.ts";
import { zipStream } from "#features/studies/zip.ts";
import { Fault } from "#kit/fault.ts";
import { sendRange, unchanged } from "#platform/http/ranges.ts";
import { chooseRelated, parseAccept, type Wanted } from "#standards/dicomweb/media-types.ts";
import { closing, newBoundary, partHead } from "#standards/dicomweb/multipart.ts";

const DICOM = "application/dicom";
const ZIP = "application/zip";
type Bytes = (row: InstanceRecord, start?: number, end?: number) => AsyncGenerator<Buffer>;

/**
 * PS3.18 §10.4.1.1.1: instances as they were received, byte for byte, streamed from the seal: a part each, one alone (with ranges
 * of bytes), or all in a ZIP. The right is judged again before each object, every 4 MiB and every second; when it ended, the
 * stream breaks off.
 */
export const retrieveInstances: Handler = async (needs, asked, request, reply) => {
  const wanted = wantedOf(acceptOf(asked, request), asked.instance !== undefined);
  const { opened, count } = await admit(needs, asked, "retrieve");
  const rows = await listed(needs, asked, opened);
  const syntax = wanted.transferSyntax;
  const asStored = syntax === undefined || syntax === "*" ? rows : rows.filter((row) => row.transfer_syntax === syntax);
  if (asStored.length === 0)
    throw new Fault(
      "answer.not-acceptable",
      "Nothing here is stored in that transfer syntax; ask for transfer-syntax=*.",
      { place: "Accept" },
    );
  const fitting = await soundOnes(needs, opened.key, asStored);
  const [only] = fitting;
  async function* bytesOf(row: InstanceRecord, start = 0, end = row.bytes): AsyncGenerator<Buffer> {
    const stillAllowed = rejudge(() => needs.gate.open("download", asked.who, asked.owner, opened.studyUid));
    await stillAllowed(0);
    for await (const piece of plainRange(needs.world, storedObject(row, opened.key), start, end)) {
      await stillAllowed(piece.length);
      count({ bytes: piece.length });
      yield piece;
    }
    count({ instances: 1 });
  }
  void reply.code(fitting.length < rows.length ? 206 : 200);
  // RFC 6266: a browser that is led here keeps a file and runs nothing, whatever stands in an object's preamble
  void reply.header("content-disposition", "attachment");
  if (wanted.type === ZIP) return reply.type(ZIP).send(zipOf(fitting, bytesOf));
  if (!wanted.multipart) {
    if (unchanged(request, reply, only.id)) return reply;
    void reply.header("content-type", `${DICOM}; transfer-syntax=${only.transfer_syntax}`);
    return sendRange(request, reply, only.bytes, ({ start, end }) => bytesOf(only, start, end));
  }
  const boundary = newBoundary();
  const base = `${baseOf(asked, request)}/studies/${opened.studyUid}`;
  return reply
    .type(`multipart/related; type="${DICOM}"; boundary="${boundary}"`)
    .send(Readable.from(partsOf(fitting, bytesOf, boundary, base)));
};

const CHECKED_AT_ONCE = 16;

/** Those that can be given back as they came: with some missing the answer is partial. @throws Fault seal.broken, storage.missing when there is none */
async function soundOnes(
  { world }: DicomwebNeeds,
  key: Opened["key"],
  rows: readonly InstanceRecord[],
): Promise<[InstanceRecord, ...InstanceRecord[]]> {
  const damages: (Fault | null)[] = [];
  for (let at = 0; at < rows.length; at += CHECKED_AT_ONCE) {
    const group = rows.slice(at, at + CHECKED_AT_ONCE);
    damages.push(...(await Promise.all(group.map((row) => damageOf(world, storedObject(row, key))))));
  }
  const [first, ...more] = rows.filter((_, at) => damages[at] === null);
  if (first) return [first, ...more];
  throw damages[0] ?? new Fault("storage.missing", "There is nothing to give back.");
}

function wantedOf(accept: string | undefined, single: boolean): Wanted {
  for (const range of parseAccept(accept)) {
    const wanted = chooseRelated([range], range.type === ZIP ? [ZIP] : [DICOM], { single });
    if (wanted) return wanted;
  }
  throw new Fault(
    "answer.not-acceptable",
    'Instances come as multipart/related; type="application/dicom", or as application/zip.',
    { place: "Accept" },
  );
}

async function* partsOf(
  rows: readonly InstanceRecord[],
  bytesOf: Bytes,
  boundary: string,
  base: string,
): AsyncGenerator<Buffer> {
  for (const [at, row] of rows.entries()) {
    const head = {
      "Content-Type": `${DICOM}; transfer-syntax=${row.transfer_syntax}`,
      "Content-Location": `${base}/series/${row.series_uid}/instances/${row.sop_instance_uid}`,
      "Content-Length": String(row.bytes),
    };
    yield partHead(boundary, head, at === 0);
    yield* bytesOf(row);
  }
  yield closing(boundary, false);
}

/** Files under numbers that say nothing; series in their order, instances in theirs. */
function zipOf(rows: readonly InstanceRecord[], bytesOf: Bytes): Readable {
  const series = [...new Set(rows.map((row) => row.series_uid))];
  return zipStream(
    rows.map((row, at) => ({
      name: `${String(series.indexOf(row.series_uid) + 1).padStart(3, "0")}/${String(at + 1).padStart(6, "0")}.dcm`,
      size: row.bytes,
      bytes: () => bytesOf(row),
    })),
  );
}

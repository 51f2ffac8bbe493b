import { Readable } from "node:stream";
import { acceptOf, baseOf, type Handler } from "#features/studies/dicomweb/asked.ts";
import { admit, listed } from "#features/studies/dicomweb/instances.ts";
import { rejudge } from "#features/studies/rejudge.ts";
import { plainRange, storedObject } from "#features/studies/stored-object.ts";
import { Fault } from "#kit/fault.ts";
import { chooseRelated, parseAccept } from "#standards/dicomweb/media-types.ts";
import { closing, newBoundary, partHead } from "#standards/dicomweb/multipart.ts";

/**
 * PS3.18 §10.4.1.1.1: instances as they were received, byte for byte, one part each, streamed from the seal. The right is judged
 * again before each object, every 4 MiB and every second; when it ended, the stream breaks off.
 */
export const retrieveInstances: Handler = async (needs, asked, request, reply) => {
  const wanted = chooseRelated(parseAccept(acceptOf(asked, request)), ["application/dicom"], {
    single: asked.instance !== undefined,
  });
  if (!wanted)
    throw new Fault("answer.not-acceptable", 'Instances come as multipart/related; type="application/dicom".', {
      place: "Accept",
    });
  const { opened, count } = await admit(needs, asked, "retrieve");
  const rows = await listed(needs, asked, opened);
  const syntax = wanted.transferSyntax;
  const fitting = syntax === undefined || syntax === "*" ? rows : rows.filter((row) => row.transfer_syntax === syntax);
  if (fitting.length === 0)
    throw new Fault(
      "answer.not-acceptable",
      "Nothing here is stored in that transfer syntax; ask for transfer-syntax=*.",
      { place: "Accept" },
    );
  const base = baseOf(asked, request);

  async function* bytesOf(row: (typeof rows)[number]): AsyncGenerator<Buffer> {
    const stillAllowed = rejudge(() => needs.gate.open("download", asked.who, asked.owner, opened.studyUid));
    await stillAllowed(0);
    for await (const piece of plainRange(needs.world.blobs, storedObject(row, opened.key), 0, row.bytes)) {
      await stillAllowed(piece.length);
      count({ bytes: piece.length });
      yield piece;
    }
    count({ instances: 1 });
  }

  const [only] = fitting;
  if (!wanted.multipart && only) {
    return reply
      .headers({
        "content-type": `application/dicom; transfer-syntax=${only.transfer_syntax}`,
        "content-length": only.bytes,
      })
      .send(Readable.from(bytesOf(only)));
  }
  const boundary = newBoundary();
  async function* parts(): AsyncGenerator<Buffer> {
    for (const [at, row] of fitting.entries()) {
      const location = `${base}/studies/${opened.studyUid}/series/${row.series_uid}/instances/${row.sop_instance_uid}`;
      yield partHead(
        boundary,
        {
          "Content-Type": `application/dicom; transfer-syntax=${row.transfer_syntax}`,
          "Content-Location": location,
          "Content-Length": String(row.bytes),
        },
        at === 0,
      );
      yield* bytesOf(row);
    }
    yield closing(boundary, false);
  }
  return reply
    .code(fitting.length < rows.length ? 206 : 200)
    .type(`multipart/related; type="application/dicom"; boundary="${boundary}"`)
    .send(Readable.from(parts()));
};

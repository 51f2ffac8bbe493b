import { Readable } from "node:stream";
import { closed, type LinkSession } from "#features/sharing/link-actions.ts";
import { type Admitted, admit, type LinkNeeds, studiesOf } from "#features/studies/link/door.ts";
import { type InstanceRecord, instancesOf } from "#features/studies/queries.ts";
import { rejudge } from "#features/studies/rejudge.ts";
import { plainRange, storedObject } from "#features/studies/stored-object.ts";
import { zipStream } from "#features/studies/zip.ts";

const README = `These are medical images in DICOM format, as the clinic stored them. Any DICOM viewer opens the folder.

They hold a name, a date of birth and pictures of a person. Keep them as you keep a key, and delete them when nobody needs them any more.
`;

/**
 * Everything the link opens as one ZIP, streamed from the seal: DICOM files as they were received, under names that say
 * nothing. The right is judged before each object, every 4 MiB and every second; when it ends, the stream breaks off.
 * @throws Fault link.closed without the right to download
 */
export async function linkDownload(
  needs: LinkNeeds,
  session: LinkSession,
  judgeSession: () => Promise<unknown>,
): Promise<Readable> {
  if (!session.link.rights.includes("download")) throw closed();
  const scope = { organisation: session.link.organisation, person: null };
  const entries: { name: string; row: InstanceRecord; admitted: Admitted }[] = [];
  for (const [at, study] of (await studiesOf(needs, session)).entries()) {
    const admitted = await admit(needs, session, study.studyUid, "download", "download");
    const rows = await needs.world.database.read(scope, (tx) =>
      instancesOf(tx, session.link.organisation, study.id, {}),
    );
    const folder = study.main ? "images" : `earlier-${at}`;
    for (const { name, row } of named(rows)) entries.push({ name: `${folder}/${name}`, row, admitted });
  }
  const readme = Buffer.from(README);
  return zipStream([
    { name: "README.txt", size: readme.length, bytes: () => Readable.from([readme]) },
    ...entries.map((entry) => ({
      name: entry.name,
      size: entry.row.bytes,
      bytes: () => bytesOf(needs, session, entry, judgeSession),
    })),
  ]);
}

/** Numbers only: series in their order, images in theirs. */
function named(rows: readonly InstanceRecord[]): { name: string; row: InstanceRecord }[] {
  const series = [...new Set(rows.map((row) => row.series_uid))];
  const seen = new Map<string, number>();
  return rows.map((row) => {
    const number = (seen.get(row.series_uid) ?? 0) + 1;
    seen.set(row.series_uid, number);
    const folder = String(series.indexOf(row.series_uid) + 1).padStart(3, "0");
    return { name: `series-${folder}/image-${String(number).padStart(5, "0")}.dcm`, row };
  });
}

type Entry = { name: string; row: InstanceRecord; admitted: Admitted };

async function* bytesOf(
  needs: LinkNeeds,
  { who, link }: LinkSession,
  { row, admitted: { opened, count } }: Entry,
  judgeSession: () => Promise<unknown>,
): AsyncGenerator<Buffer> {
  const stillAllowed = rejudge(async () => {
    await judgeSession();
    await needs.gate.open("download", who, link.organisation, opened.studyUid);
  });
  await stillAllowed(0);
  for await (const piece of plainRange(needs.world, storedObject(row, opened.key), 0, row.bytes)) {
    await stillAllowed(piece.length);
    count({ bytes: piece.length });
    yield piece;
  }
  count({ instances: 1 });
}

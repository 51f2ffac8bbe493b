import assert from "node:assert/strict";
import { boundaryOf, readMultipart } from "#standards/dicomweb/multipart.ts";
import { samplePart10 } from "../dcmtk.ts";
import type { TestServer } from "../server.ts";
import { partsOf, studyUid } from "./instances.ts";
import type { Sender, Told } from "./senders.ts";

/** Data sets of a study as WADO-RS gives them, by SOP Instance UID; none when there is no such study. */
async function studyBack(server: TestServer, token: string, study: number): Promise<Map<string, Uint8Array>> {
  const answer = await fetch(`${server.url}/dicomweb/studies/${studyUid(study)}`, {
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'multipart/related; type="application/dicom"; transfer-syntax=*',
    },
  });
  if (answer.status === 404) {
    await answer.body?.cancel();
    return new Map();
  }
  assert.equal(answer.status, 200, `study ${study}: WADO-RS answers ${answer.status}`);
  assert.ok(answer.body);
  const found = new Map<string, Uint8Array>();
  for await (const { body } of readMultipart(answer.body, boundaryOf(answer.headers.get("content-type") ?? ""))) {
    const file = samplePart10(Buffer.concat(await Array.fromAsync(body)));
    assert.ok(file, `study ${study}: a part that is no Part 10 file`);
    assert.ok(!found.has(file.sopInstance), `study ${study}: ${file.sopInstance} came twice`);
    found.set(file.sopInstance, file.dataSet);
  }
  return found;
}

/** How many instances the index says a study has. */
async function counted(server: TestServer, token: string, study: number): Promise<number> {
  const answer = await fetch(`${server.url}/dicomweb/studies?StudyInstanceUID=${studyUid(study)}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.ok(answer.ok, `study ${study}: QIDO-RS answers ${answer.status}`);
  if (answer.status === 204) return 0;
  const [row] = (await answer.json()) as { "00201208"?: { Value?: [number] } }[];
  return Number(row?.["00201208"]?.Value?.[0] ?? 0);
}

export type Found = { acknowledged: number; beyond: number };

/**
 * Nothing is lost and nothing is half there: every acknowledged instance comes back with the bytes that were sent; an
 * unacknowledged one is there whole and right or not at all; nothing else is there; and the index counts the same.
 */
export async function holdsWhatItSaid(server: TestServer, token: string, { study, told }: Sender): Promise<Found> {
  const back = await studyBack(server, token, study);
  const found: Found = { acknowledged: 0, beyond: 0 };
  for (const { slice, said } of told) {
    const { sopInstance, dataSet } = partsOf(slice);
    const got = back.get(sopInstance);
    back.delete(sopInstance);
    const what = `study ${study} instance ${slice.number} (${said})`;
    if (got === undefined) assert.notEqual(said, "stored", `${what}: LOST`);
    else assert.ok(Buffer.compare(got, dataSet) === 0, `${what}: it came back changed`);
    if (said === "stored") found.acknowledged += 1;
    else if (got !== undefined) found.beyond += 1;
  }
  assert.deepEqual([...back.keys()], [], `study ${study}: instances that nobody sent`);
  const total = found.acknowledged + found.beyond;
  assert.equal(await counted(server, token, study), total, `study ${study}: the index counts otherwise`);
  return found;
}

export const unacknowledged = (senders: readonly Sender[]): Told[] =>
  senders.flatMap(({ told }) => told.filter(({ said }) => said !== "stored"));

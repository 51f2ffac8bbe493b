import type { FastifyRequest } from "fastify";
import { type Received, receiveInstance } from "#features/studies/actions.ts";
import type { Said } from "#features/studies/describe.ts";
import { type Asked, acceptOf, baseOf, type DicomwebNeeds, type Handler } from "#features/studies/dicomweb/asked.ts";
import { dataSetForm, sendDataSet } from "#features/studies/dicomweb/data-sets.ts";
import { isSenderRefused, judgedLast, mayStore, senderJudge } from "#features/studies/sender.ts";
import { Fault, faultOf } from "#kit/fault.ts";
import { bodyOf } from "#platform/http/body.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { parseMediaType } from "#standards/dicomweb/media-types.ts";
import { boundaryOf, readMultipart } from "#standards/dicomweb/multipart.ts";

const DICOM = "application/dicom";

type Outcome = { stored: Received } | { failed: Fault; said?: Said };

/**
 * PS3.18 §10.5: stores each part as it streams in. 200 when all are stored, 202 when some, 409 when none; the body is the Store
 * Instances Response in every case. Success is said only of what is durable. Who sends is judged again at the end of each part.
 */
export const storeInstances: Handler = async (needs, asked, request, reply) => {
  if (!mayStore(asked.who)) throw new Fault("role.denied", "You may not store studies here.");
  const form = dataSetForm(acceptOf(asked, request)); // before anything is stored: a refusal must mean nothing happened
  const outcomes: Outcome[] = [];
  const judge = senderJudge(needs.authenticate, request, asked.who);
  const storeOne = (bytes: AsyncIterable<Uint8Array>) => stored(needs, asked, judgedLast(bytes, judge));
  for await (const outcome of outcomesOf(request, storeOne)) outcomes.push(outcome);
  if (outcomes.length === 0)
    throw new Fault("input.invalid", "The request holds no instance.", { place: "multipart body" });
  const failures = outcomes.filter((outcome) => "failed" in outcome);
  const later = failures.find(({ failed }) => failed.row.retry === "later");
  const ended = failures.find(({ failed }) => isSenderRefused(failed));
  const broken = failures.find(({ failed }) => failed.code === "internal");
  if (broken) throw broken.failed; // what we did not foresee belongs in the log and is no one's instance's fault
  if (later && failures.length === outcomes.length) throw later.failed; // 503 or 507: nothing was stored, come again
  if (ended && failures.length === outcomes.length) throw ended.failed; // 401 or 403, as if it had been so from the start
  const status = failures.length === 0 ? 200 : failures.length === outcomes.length ? 409 : 202;
  return sendDataSet(reply.code(status), form, responseOf(outcomes, baseOf(asked, request)));
};

type StoreOne = (bytes: AsyncIterable<Uint8Array>) => Promise<Outcome>;

async function* outcomesOf(request: FastifyRequest, storeOne: StoreOne): AsyncGenerator<Outcome> {
  const contentType = request.headers["content-type"] ?? "";
  const media = parseMediaType(contentType);
  const body = bodyOf(request);
  if (media?.type === DICOM) {
    yield await storeOne(body);
    return;
  }
  const inner = parseMediaType(media?.parameters.get("type") ?? DICOM)?.type;
  if (media?.type !== "multipart/related" || inner !== DICOM)
    throw new Fault("input.media-type", 'Send multipart/related; type="application/dicom".', { place: "Content-Type" });
  let count = 0;
  try {
    for await (const part of readMultipart(body, boundaryOf(contentType))) {
      const type = parseMediaType(part.headers.get("content-type") ?? DICOM)?.type;
      const outcome: Outcome =
        type === DICOM || type === "application/octet-stream"
          ? await storeOne(part.body)
          : { failed: new Fault("input.media-type", "A part is not application/dicom.") };
      if ("stored" in outcome) count++;
      yield outcome;
    }
  } catch (thrown) {
    if (count === 0) throw thrown;
    yield { failed: faultOf(thrown) }; // what came before the body broke off is stored, and must be told so
  }
}

async function stored(
  { world }: DicomwebNeeds,
  { who, study }: Asked,
  bytes: AsyncIterable<Uint8Array>,
): Promise<Outcome> {
  let said: Said = { sopClassUid: undefined, sopInstanceUid: undefined };
  const named = (now: Said): void => {
    said = now;
  };
  try {
    const arriving = { bytes, bare: null, source: "stow", named, ...(study === undefined ? {} : { study }) };
    return { stored: await receiveInstance(world, who, arriving) };
  } catch (thrown) {
    return { failed: faultOf(thrown), said };
  }
}

/**
 * PS3.18 annex I: what was stored; what failed, with the reason as US, under its UIDs where they are known, else among the other
 * failures. Retrieve URLs are there when all that was stored is of one study.
 */
function responseOf(outcomes: readonly Outcome[], base: string): JsonDataSet {
  const stored: JsonDataSet[] = [];
  const failed: JsonDataSet[] = [];
  const others: JsonDataSet[] = [];
  const studies = new Set<string>();
  for (const outcome of outcomes) {
    if ("failed" in outcome) {
      const { sopClassUid, sopInstanceUid } = outcome.said ?? {};
      const reason = reasonOf(outcome.failed);
      if (sopClassUid === undefined || sopInstanceUid === undefined) others.push(reason);
      else failed.push({ ...referenced(sopClassUid, sopInstanceUid), ...reason });
      continue;
    }
    const { sopClassUid, sopInstanceUid, studyUid, seriesUid } = outcome.stored;
    studies.add(studyUid);
    const url = `${base}/studies/${studyUid}/series/${seriesUid}/instances/${sopInstanceUid}`;
    stored.push({ ...referenced(sopClassUid, sopInstanceUid), "00081190": { vr: "UR", Value: [url] } });
  }
  const [study] = studies;
  const url = studies.size === 1 ? { Value: [`${base}/studies/${study}`] } : {};
  return {
    "00081190": { vr: "UR", ...url },
    ...(stored.length > 0 ? { "00081199": { vr: "SQ", Value: stored } } : {}),
    ...(failed.length > 0 ? { "00081198": { vr: "SQ", Value: failed } } : {}),
    ...(others.length > 0 ? { "0008119A": { vr: "SQ", Value: others } } : {}),
  };
}

const referenced = (sopClassUid: string, sopInstanceUid: string): JsonDataSet => ({
  "00081150": { vr: "UI", Value: [sopClassUid] },
  "00081155": { vr: "UI", Value: [sopInstanceUid] },
});

const reasonOf = ({ row, message }: Fault): JsonDataSet => ({
  "00081197": { vr: "US", Value: [row.dimse] },
  "00000902": { vr: "LO", Value: [message.slice(0, 64)] },
});

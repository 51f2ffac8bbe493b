import type { Readable } from "node:stream";
import type { Actor } from "#features/audit/actor.ts";
import { type Received, receiveInstance } from "#features/studies/actions.ts";
import { baseOf, type Handler } from "#features/studies/dicomweb/asked.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import { Fault, faultOf } from "#kit/fault.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { parseMediaType } from "#standards/dicomweb/media-types.ts";
import { boundaryOf, readMultipart } from "#standards/dicomweb/multipart.ts";

type Outcome = { stored: Received } | { failed: Fault };

/** May this actor store into its organisation? Devices over DICOM TLS, tokens with the scope, clinical roles. */
export function mayStore(who: Actor): boolean {
  switch (who.kind) {
    case "person":
      return who.roles.some((role) => role === "radiographer" || role === "radiologist");
    case "token":
      return who.scopes.includes("dicomweb.write");
    case "device":
      return who.services.includes("store");
    case "system":
      return true;
    case "link":
      return false;
  }
}

/**
 * PS3.18 §10.5: stores each part as it streams in. 200 when all are stored, 202 when some, 409 when none; the body is the Store
 * Instances Response in every case. Success is said only of what is durable.
 */
export const storeInstances: Handler = async ({ world }, asked, request, reply) => {
  if (!mayStore(asked.who)) throw new Fault("role.denied", "You may not store studies here.");
  const contentType = request.headers["content-type"] ?? "";
  const media = parseMediaType(contentType);
  const body = request.body as Readable;
  const outcomes: Outcome[] = [];
  if (media?.type === "application/dicom") outcomes.push(await storeOne(world, asked.who, body, asked.study));
  else {
    const inner = parseMediaType(media?.parameters.get("type") ?? "application/dicom")?.type;
    if (media?.type !== "multipart/related" || inner !== "application/dicom")
      throw new Fault("input.media-type", 'Send multipart/related; type="application/dicom".', {
        place: "Content-Type",
      });
    for await (const part of readMultipart(body, boundaryOf(contentType))) {
      const type = parseMediaType(part.headers.get("content-type") ?? "application/dicom")?.type;
      if (type === "application/dicom" || type === "application/octet-stream")
        outcomes.push(await storeOne(world, asked.who, part.body, asked.study));
      else outcomes.push({ failed: new Fault("input.media-type", "A part is not application/dicom.") });
    }
  }
  if (outcomes.length === 0)
    throw new Fault("input.invalid", "The request holds no instance.", { place: "multipart body" });
  const failures = outcomes.filter((outcome) => "failed" in outcome);
  const later = failures.find(({ failed }) => failed.row.retry === "later");
  const broken = failures.find(({ failed }) => failed.code === "internal");
  if (broken) throw broken.failed; // what we did not foresee belongs in the log and is no one's instance's fault
  if (later && failures.length === outcomes.length) throw later.failed; // 503 or 507: nothing was stored, come again
  const status = failures.length === 0 ? 200 : failures.length === outcomes.length ? 409 : 202;
  return reply
    .code(status)
    .type("application/dicom+json")
    .send(JSON.stringify(responseOf(outcomes, baseOf(asked, request))));
};

async function storeOne(
  world: StudiesWorld,
  who: Actor,
  bytes: AsyncIterable<Uint8Array>,
  study: string | undefined,
): Promise<Outcome> {
  try {
    return {
      stored: await receiveInstance(world, who, {
        bytes,
        bare: null,
        source: "stow",
        ...(study === undefined ? {} : { study }),
      }),
    };
  } catch (thrown) {
    return { failed: faultOf(thrown) };
  }
}

/** PS3.18 annex I.2: what was stored and what failed, with the reason as US. */
function responseOf(outcomes: readonly Outcome[], base: string): JsonDataSet {
  const stored: JsonDataSet[] = [];
  const failed: JsonDataSet[] = [];
  for (const outcome of outcomes) {
    if ("failed" in outcome) {
      failed.push({
        "00081197": { vr: "US", Value: [outcome.failed.row.dimse] },
        "00000902": { vr: "LO", Value: [outcome.failed.message.slice(0, 64)] },
      });
      continue;
    }
    const { sopClassUid, sopInstanceUid, studyUid, seriesUid } = outcome.stored;
    stored.push({
      "00081150": { vr: "UI", Value: [sopClassUid] },
      "00081155": { vr: "UI", Value: [sopInstanceUid] },
      "00081190": { vr: "UR", Value: [`${base}/studies/${studyUid}/series/${seriesUid}/instances/${sopInstanceUid}`] },
    });
  }
  return {
    ...(stored.length > 0 ? { "00081199": { vr: "SQ", Value: stored } } : {}),
    ...(failed.length > 0 ? { "00081198": { vr: "SQ", Value: failed } } : {}),
  };
}

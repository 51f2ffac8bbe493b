import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Actor } from "#features/audit/actor.ts";
import { denied } from "#features/sharing/gate.ts";
import type { Asked, DicomwebNeeds, Handler } from "#features/studies/dicomweb/asked.ts";
import { retrieveBulkData } from "#features/studies/dicomweb/bulk-data.ts";
import { retrieveFrames } from "#features/studies/dicomweb/frames.ts";
import { retrieveMetadata } from "#features/studies/dicomweb/metadata.ts";
import { recentInstances } from "#features/studies/dicomweb/recent-instances.ts";
import { rendered, thumbnail } from "#features/studies/dicomweb/rendered.ts";
import { retrieveInstances } from "#features/studies/dicomweb/retrieve.ts";
import { searchInstances, searchSeries, searchStudies } from "#features/studies/dicomweb/search.ts";
import { storeInstances } from "#features/studies/dicomweb/store.ts";
import { Fault } from "#kit/fault.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Lax as real UIDs are; anything else cannot name a study and is answered as an unknown one. */
const UID = /^[0-9.]{1,64}$/;

const STUDY = "/studies/:study";
const SERIES = `${STUDY}/series/:series`;
const INSTANCE = `${SERIES}/instances/:instance`;

/** PS3.18 §10: path below a root → handler. Both roots have all of them; storing goes to one's own organisation only. */
export const DICOMWEB_RESOURCES: readonly (readonly [string, Handler])[] = [
  ["/studies", searchStudies],
  ["/series", searchSeries],
  ["/instances", searchInstances],
  [`${STUDY}/series`, searchSeries],
  [`${STUDY}/instances`, searchInstances],
  [`${SERIES}/instances`, searchInstances],
  [STUDY, retrieveInstances],
  [SERIES, retrieveInstances],
  [INSTANCE, retrieveInstances],
  [`${STUDY}/metadata`, retrieveMetadata],
  [`${SERIES}/metadata`, retrieveMetadata],
  [`${INSTANCE}/metadata`, retrieveMetadata],
  [`${INSTANCE}/frames/:frames`, retrieveFrames],
  [`${INSTANCE}/bulkdata/*`, retrieveBulkData],
  [`${STUDY}/rendered`, rendered],
  [`${SERIES}/rendered`, rendered],
  [`${INSTANCE}/rendered`, rendered],
  [`${INSTANCE}/frames/:frames/rendered`, rendered],
  [`${STUDY}/thumbnail`, thumbnail],
  [`${SERIES}/thumbnail`, thumbnail],
  [`${INSTANCE}/thumbnail`, thumbnail],
  [`${INSTANCE}/frames/:frames/thumbnail`, thumbnail],
];

export async function addDicomweb(app: FastifyInstance, given: Omit<DicomwebNeeds, "recent">): Promise<void> {
  const needs: DicomwebNeeds = { ...given, recent: recentInstances() };
  await app.register(async (scoped) => {
    scoped.removeAllContentTypeParsers();
    scoped.addContentTypeParser("*", (_request, payload, done) => done(null, payload)); // streamed, never collected
    scoped.addHook("onSend", (request, _reply, payload, done) => {
      if (request.method !== "HEAD" || !(payload instanceof Readable)) return done(null, payload);
      payload.destroy(); // what nobody will read is not opened
      done(null, Readable.from([]));
    });
    for (const root of ["/dicomweb", "/dicomweb/orgs/:org"]) {
      for (const [path, handler] of DICOMWEB_RESOURCES)
        scoped.get(root + path, (request, reply) => serve(needs, handler, request, reply));
    }
    for (const path of ["/studies", STUDY])
      scoped.post(`/dicomweb${path}`, { bodyLimit: Number.MAX_SAFE_INTEGER }, (request, reply) =>
        serve(needs, storeInstances, request, reply),
      );
  });
}

async function serve(
  needs: DicomwebNeeds,
  handler: Handler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const arrived = performance.now();
  const who = await needs.authenticate(request);
  if (!who) throw new Fault("sign-in.required", "Sign in, or send a token that is valid here.");
  const closed = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) closed.abort();
  });
  return handler(needs, { ...askedOf(who, request), signal: closed.signal, arrived }, request, reply);
}

type Params = { org?: string; study?: string; series?: string; instance?: string; frames?: string; "*"?: string };

function askedOf(who: Actor, request: FastifyRequest): Omit<Asked, "signal" | "arrived"> {
  const params = request.params as Params;
  const owner = params.org?.toLowerCase() ?? who.organisation;
  if (!UUID.test(owner)) throw denied();
  for (const uid of [params.study, params.series, params.instance]) {
    if (uid !== undefined && !UID.test(uid)) throw denied();
  }
  const at = request.url.indexOf("?");
  const root = params.org === undefined ? "/dicomweb" : `/dicomweb/orgs/${owner}`;
  return {
    who,
    owner,
    root,
    study: params.study,
    series: params.series,
    instance: params.instance,
    frames: params.frames,
    bulk: params["*"],
    query: new URLSearchParams(at < 0 ? "" : request.url.slice(at + 1)),
  };
}

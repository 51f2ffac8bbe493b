import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Actor } from "#features/audit/actor.ts";
import type { Gate } from "#features/sharing/gate.ts";
import type { Reads } from "#features/sharing/reads.ts";
import type { StudiesWorld } from "#features/studies/actions.ts";
import { retrieveBulkData } from "#features/studies/dicomweb/bulk-data.ts";
import { retrieveFrames } from "#features/studies/dicomweb/frames.ts";
import { retrieveMetadata } from "#features/studies/dicomweb/metadata.ts";
import { rendered, thumbnail } from "#features/studies/dicomweb/rendered.ts";
import { retrieveInstances } from "#features/studies/dicomweb/retrieve.ts";
import { searchInstances, searchSeries, searchStudies } from "#features/studies/dicomweb/search.ts";
import { storeInstances } from "#features/studies/dicomweb/store.ts";
import { Fault } from "#kit/fault.ts";

/** What the DICOMweb wire needs: the world, the door, the record of reads, and who is asking. */
export type DicomwebNeeds = {
  world: StudiesWorld;
  gate: Gate;
  reads: Reads;
  /** Null when nobody is signed in: the request is answered 401. */
  authenticate: (request: FastifyRequest) => Promise<Actor | null>;
};

/** One request: who asks, whose studies the root means (decision 15), and the UIDs of the path. */
export type Asked = {
  who: Actor;
  owner: string;
  root: string;
  study: string | undefined;
  series: string | undefined;
  instance: string | undefined;
  frames: string | undefined;
  bulk: string | undefined;
  query: URLSearchParams;
  signal: AbortSignal;
};
export type Handler = (
  needs: DicomwebNeeds,
  asked: Asked,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<unknown>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Lax as real UIDs are; anything else cannot name a study and is answered as an unknown one. */
const UID = /^[0-9.]{1,64}$/;

const STUDY = "/studies/:study";
const SERIES = `${STUDY}/series/:series`;
const INSTANCE = `${SERIES}/instances/:instance`;

/** PS3.18 §10: path below a root → handler. Both roots have all of them; storing goes to one's own organisation only. */
const GETS: readonly (readonly [string, Handler])[] = [
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

export async function addDicomweb(app: FastifyInstance, needs: DicomwebNeeds): Promise<void> {
  await app.register(async (scoped) => {
    scoped.removeAllContentTypeParsers();
    scoped.addContentTypeParser("*", (_request, payload, done) => done(null, payload)); // streamed, never collected
    for (const root of ["/dicomweb", "/dicomweb/orgs/:org"]) {
      for (const [path, handler] of GETS)
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
  const who = await needs.authenticate(request);
  if (!who) throw new Fault("sign-in.required", "Sign in, or send a token that is valid here.");
  const closed = new AbortController();
  reply.raw.once("close", () => closed.abort());
  return handler(needs, askedOf(who, request, closed.signal), request, reply);
}

type Params = { org?: string; study?: string; series?: string; instance?: string; frames?: string; "*"?: string };

function askedOf(who: Actor, request: FastifyRequest, signal: AbortSignal): Asked {
  const params = request.params as Params;
  const owner = params.org?.toLowerCase() ?? who.organisation;
  if (!UUID.test(owner)) throw new Fault("access.denied", "There is no such study here for you.");
  for (const uid of [params.study, params.series, params.instance]) {
    if (uid !== undefined && !UID.test(uid)) throw new Fault("access.denied", "There is no such study here for you.");
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
    signal,
    query: new URLSearchParams(at < 0 ? "" : request.url.slice(at + 1)),
  };
}

/** The Accept header, or the query parameter that stands in for it (PS3.18 §8.3.3.1). */
export function acceptOf(asked: Asked, request: FastifyRequest): string | undefined {
  return asked.query.get("accept") ?? request.headers.accept;
}

/** Retrieve URLs are absolute and under the root that was asked. */
export function baseOf(asked: Asked, request: FastifyRequest): string {
  return `${request.protocol}://${request.host}${asked.root}`;
}

import type { FastifyReply, FastifyRequest } from "fastify";
import type { Actor } from "#features/audit/actor.ts";
import type { Authenticate } from "#features/people/authenticate.ts";
import type { Gate } from "#features/sharing/gate.ts";
import type { Reads } from "#features/sharing/reads.ts";
import type { RecentInstances } from "#features/studies/dicomweb/recent-instances.ts";
import type { StudiesWorld } from "#features/studies/world.ts";

/** What the DICOMweb wire needs: the world, the door, the record of reads, and who is asking. */
export type DicomwebNeeds = {
  world: StudiesWorld;
  gate: Gate;
  reads: Reads;
  recent: RecentInstances;
  /** Null when nobody is signed in: the request is answered 401. */
  authenticate: Authenticate;
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
  /** When the request arrived, by performance.now: before anything was asked about it. */
  arrived: number;
};
export type Handler = (
  needs: DicomwebNeeds,
  asked: Asked,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<unknown>;

/** The Accept header, or the query parameter that stands in for it (PS3.18 §8.3.3.1). */
export function acceptOf(asked: Asked, request: FastifyRequest): string | undefined {
  return asked.query.get("accept") ?? request.headers.accept;
}

/** Retrieve URLs are absolute and under the root that was asked. */
export function baseOf(asked: Asked, request: FastifyRequest): string {
  return `${request.protocol}://${request.host}${asked.root}`;
}

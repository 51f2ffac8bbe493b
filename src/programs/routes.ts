import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Actor } from "#features/audit/actor.ts";
import type { Strangers } from "#features/people/strangers.ts";
import type { Reads } from "#features/sharing/reads.ts";
import { addDicomweb } from "#features/studies/dicomweb/routes.ts";
import type { Events } from "#platform/events.ts";
import type { Log } from "#platform/log.ts";
import type { Metrics } from "#platform/metrics.ts";
import type { Certificates } from "./certificates.ts";
import type { Node } from "./node.ts";

/** Everything routes and jobs may be given. */
export type Serving = {
  node: Node;
  certificates: Certificates;
  events: Events;
  reads: Reads;
  strangers: Strangers;
  log: Log;
  metrics: Metrics;
  /** Who asks: a person's session or a machine's token. Null: nobody we know. */
  authenticate: (request: FastifyRequest) => Promise<Actor | null>;
  /** The address people type, for links in messages. */
  publicUrl: () => string;
};

/** The wires over HTTP, a line each. */
const WIRES: readonly ((app: FastifyInstance, serving: Serving) => Promise<void> | void)[] = [
  (app, { node, reads, authenticate }) => addDicomweb(app, { world: node, gate: node.gate, reads, authenticate }),
];

export async function addRoutes(app: FastifyInstance, serving: Serving): Promise<void> {
  for (const add of WIRES) await add(app, serving);
}

import type { FastifyInstance } from "fastify";
import { addAuditHttp } from "#features/audit/http.ts";
import type { WitnessFolder } from "#features/audit/ledger/witness.ts";
import { addEncryptionHttp } from "#features/compliance/http.ts";
import { addConsentHttp } from "#features/consent/http.ts";
import type { Authenticate } from "#features/people/authenticate.ts";
import { addPeopleHttp } from "#features/people/http.ts";
import { SWEEP_CRONTAB, SWEEP_TASK, sweepTask } from "#features/people/jobs.ts";
import type { Setup } from "#features/people/joining/setup.ts";
import type { Signin } from "#features/people/signin/signin.ts";
import type { Strangers } from "#features/people/strangers.ts";
import { reportsForLinks } from "#features/reports/for-links.ts";
import { addReportsHttp } from "#features/reports/http.ts";
import { addAgreementHttp } from "#features/sharing/agreement-http.ts";
import { addSharingHttp } from "#features/sharing/http.ts";
import type { Reads } from "#features/sharing/reads.ts";
import { addDicomweb } from "#features/studies/dicomweb/routes.ts";
import { addStudiesHttp } from "#features/studies/http.ts";
import { addLinkHttp } from "#features/studies/link/http.ts";
import { addUploadHttp } from "#features/studies/upload/http.ts";
import type { Events } from "#platform/events.ts";
import type { Tasks } from "#platform/jobs.ts";
import type { Log } from "#platform/log.ts";
import { type Deliver, MAIL_TASK, mailTask } from "#platform/mail.ts";
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
  signin: Signin;
  setup: Setup;
  witness: WitnessFolder;
  log: Log;
  metrics: Metrics;
  /** Who asks: a person's session or a machine's token. Null: nobody we know. */
  authenticate: Authenticate;
  /** The address people type, for links in messages. */
  publicUrl: () => string;
  /** The ports that listen, once they do. */
  ports: () => Ports | undefined;
  /** Whether this is the demonstration: on loopback, with made-up data only. */
  demo: boolean;
  /** Where its messages go instead of a mail server. */
  outbox?: Deliver | undefined;
};

export type Ports = {
  http: number;
  dicom: number | null;
  dicomTls: number;
  hl7: number | null;
  hl7Tls: number | null;
  /** Only where the OHIF viewer is served. */
  ohif?: number;
};
type Wire = (app: FastifyInstance, serving: Serving) => Promise<void> | void;

/** The wires over HTTP, a line each. */
const WIRES: readonly Wire[] = [
  (app, { node, reads, authenticate }) => addDicomweb(app, { world: node, gate: node.gate, reads, authenticate }),
  (app, serving) => addPeopleHttp(app, { ...serving, world: serving.node, authority: serving.certificates }),
  (app, { node, authenticate }) => addAgreementHttp(app, { world: node, authenticate }),
  (app, { node, authenticate }) => addReportsHttp(app, { world: node, authenticate }),
  (app, { node, authenticate, log }) =>
    addUploadHttp(app, {
      world: node,
      authenticate,
      log: (fault) => log.error({ err: fault }, "a file was not taken"),
    }),
  (app, { node, authenticate }) => addConsentHttp(app, { world: node, authenticate }),
  (app, { node, authenticate, publicUrl }) => addSharingHttp(app, { world: node, authenticate, publicUrl }),
  (app, { node, reads, strangers, publicUrl }) =>
    addLinkHttp(app, {
      world: node,
      gate: node.gate,
      reads,
      strangers,
      reports: reportsForLinks(node),
      publicUrl,
    }),
  (app, { node, reads, events, authenticate }) =>
    addStudiesHttp(app, { world: node, gate: node.gate, reads, events, authenticate }),
  (app, { node, witness, authenticate }) => addAuditHttp(app, { world: node, witness, authenticate }),
  (app, { node, certificates, ports, authenticate }) =>
    addEncryptionHttp(app, {
      world: node,
      config: node.config,
      master: node.master,
      certificates,
      ports,
      authenticate,
    }),
];

/** The jobs, a line each. */
const JOBS: readonly ((serving: Serving) => Tasks)[] = [
  ({ node, outbox }) => ({ [MAIL_TASK]: mailTask({ ...node, outbox }) }),
  ({ signin }) => ({ [SWEEP_TASK]: sweepTask(signin) }),
];

/** What is due by the clock, a line each. */
export const CRONTAB = [SWEEP_CRONTAB].join("\n");

/** First parts of paths that belong to wires: no page lives there. */
export const WIRE_PATHS = ["api", "dicomweb", "fhir", "healthz", "readyz", "metrics", "assets"] as const;
/** Pages with an entry of their own: whoever opens a link loads little. */
export const ENTRY_PAGES: Readonly<Record<string, string>> = { "/l": "link.html" };

export async function addRoutes(app: FastifyInstance, serving: Serving): Promise<void> {
  for (const add of WIRES) await add(app, serving);
}

export function tasksOf(serving: Serving): Tasks {
  return Object.assign({}, ...JOBS.map((tasks) => tasks(serving))) as Tasks;
}

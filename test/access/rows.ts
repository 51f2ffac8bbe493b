import { uuidv7 } from "#kit/uuid.ts";
import type { AccessHouse } from "../support/access-house.ts";
import { ACTORS, type ActorName, type Letter, STRANGERS } from "./expected.ts";
import { type Cast, LINK_PASSWORD, type Target } from "./people.ts";

/** What is sent to a route: the rest of the request beside method and pattern. */
export type Asked = { path?: string; body?: object; headers?: Record<string, string>; raw?: string };

/** Who gets in at a route that names a study, by the right it needs; who at one that does not, by name. */
export type Row = {
  route: string;
  /** Needs this right to the study of the path. */
  right?: Letter;
  /** For people alone: a machine keeps nothing of its own. */
  people?: true;
  /** Lets these in and nobody else. */
  who?: readonly ActorName[];
  /** Open to everybody, and why. */
  open?: string;
  /** A search: it is answered to everybody the server knows, and holds what the actor may look at. */
  search?: true;
  /** A door of links: its own answer to everybody else. */
  link?: true;
  /** Judged by the secret it brings, whoever else its bearer is; tries from one address are few, so few try. */
  bearers?: readonly ActorName[];
  /** The code by which an answer shows that the actor was let in, where it is no success: a target that is not there. */
  passes?: string;
  ask?: (cast: Cast, who: ActorName, study: Target) => Asked | Promise<Asked>;
};

const KNOWN = ACTORS.filter((name) => !STRANGERS.includes(name));
const PEOPLE = KNOWN.filter((name) => name.includes(":"));
const byRoles = (...roles: string[]): ActorName[] =>
  PEOPLE.filter(
    (name) => roles.includes(name.split(":")[1] ?? "") || (name === "partner:named" && roles.includes("administrator")),
  );
const ofOwner = (...roles: string[]): ActorName[] => byRoles(...roles).filter((name) => name.startsWith("owner:"));

const ADMINISTRATORS = byRoles("administrator");
const ADMINISTERING: ActorName[] = [...ADMINISTRATORS, "owner.admin"];
const READERS = byRoles("administrator", "privacy-officer", "auditor");
const DESK = byRoles("radiographer", "radiologist", "privacy-officer");
const STORING = byRoles("radiographer", "radiologist");

const LEVELS = ["", "/series/:series", "/series/:series/instances/:instance"];
const below = (suffixes: readonly string[]): string[] => LEVELS.flatMap((level) => suffixes.map((end) => level + end));
const FRAME = "/series/:series/instances/:instance/frames/:frames";

/** PS3.18 §10: every path below both roots. */
const DICOMWEB: readonly Row[] = ["/dicomweb", "/dicomweb/orgs/:org"].flatMap((root): Row[] => [
  ...["/studies", "/series", "/instances"].map((path): Row => ({ route: `GET ${root}${path}`, search: true })),
  ...["/series", "/instances", "/series/:series/instances"].map(
    (path): Row => ({ route: `GET ${root}/studies/:study${path}`, search: true }),
  ),
  ...LEVELS.map((level): Row => ({ route: `GET ${root}/studies/:study${level}`, right: "d" })),
  ...[...below(["/metadata", "/rendered", "/thumbnail"]), FRAME, `${FRAME}/rendered`, `${FRAME}/thumbnail`].map(
    (path): Row => ({ route: `GET ${root}/studies/:study${path}`, right: "v" }),
  ),
  { route: `GET ${root}/studies/:study/series/:series/instances/:instance/bulkdata/*`, right: "v" },
]);

const DICOM = { raw: "no DICOM", headers: { "content-type": "application/dicom" } };
const STOW: readonly Row[] = ["/dicomweb/studies", "/dicomweb/studies/:study"].map((path) => ({
  route: `POST ${path}`,
  who: [...STORING, "owner.write"],
  passes: "(refused instance)",
  ask: () => DICOM,
}));

const nowhere = (): { path: string } => ({ path: uuidv7() });
const proposal = {
  ...{ subject: { kind: "link", recipient: "Somebody" }, purpose: "care", basis: { kind: "own-care" } },
  ...{ challenge: { kind: "password", password: LINK_PASSWORD } },
};
const text = { indication: "", comparison: "", findings: "New.", impression: "" };
const organisation = (who: ActorName) => ({
  ...{ name: `House of ${who}`, colour: "#102030", logo: null, languages: ["en"], idleMinutes: 30, linkMaxDays: 30 },
});
const secret = { secret: "a".repeat(43), answer: "x", recoveryKeySaved: true, password: "a long enough password" };

/** A grant that opens nothing, to be taken back. */
async function bareGrant(house: AccessHouse, study: Target): Promise<string> {
  const id = uuidv7();
  await house.sql(
    `insert into access_grant (organisation, id, study, subject_kind, subject, rights, purpose, basis_kind, until_at)
     values ($1, $2, $3, 'link', $4, '{view}', 'care', 'own-care', now() + interval '1 day')`,
    [study.owner, id, study.id, uuidv7()],
  );
  return id;
}

const STUDY = "/api/studies/:owner/:id";
const API: readonly Row[] = [
  { route: "GET /api/studies", search: true },
  { route: `GET ${STUDY}`, right: "v" },
  { route: `GET ${STUDY}/markings`, right: "v", people: true },
  { route: `PUT ${STUDY}/markings`, right: "v", people: true, ask: () => ({ body: { markings: [] } }) },
  { route: `GET ${STUDY}/report`, right: "v" },
  { route: `GET ${STUDY}/report.pdf`, right: "v", passes: "state.conflict" },
  { route: `PUT ${STUDY}/report`, right: "r", passes: "state.conflict", ask: () => ({ body: { ...text, base: 0 } }) },
  ...["take-over", "sign"].map(
    (what): Row => ({
      route: `POST ${STUDY}/report/${what}`,
      right: "r",
      passes: "state.conflict",
      ask: () => ({ body: { status: "final", version: 9999, sha256: "0".repeat(64) } }),
    }),
  ),
  {
    route: `GET ${STUDY}/access`,
    who: ofOwner("administrator", "radiographer", "radiologist", "privacy-officer", "auditor"),
  },
  {
    route: `POST ${STUDY}/share/verdict`,
    who: ofOwner("radiographer", "radiologist", "privacy-officer"),
    ask: () => ({ body: proposal }),
  },
  {
    route: `POST ${STUDY}/share`,
    who: ofOwner("radiographer", "radiologist", "privacy-officer"),
    ask: () => ({ body: proposal }),
  },
  {
    route: "DELETE /api/grants/:id",
    who: ofOwner("radiographer", "radiologist", "privacy-officer"),
    ask: async ({ house }, _who, study) => ({ path: await bareGrant(house, study) }),
  },
  { route: "GET /api/consent/forms", who: PEOPLE },
  {
    route: "POST /api/consent/forms",
    who: byRoles("administrator", "privacy-officer"),
    ask: (_cast, who) => ({
      body: {
        ...{ form: `of-${who.replace(/[:.]/g, "-")}`, language: "en", jurisdiction: "ZA", purposes: ["teaching"] },
        ...{ title: "A form", body: "Twenty characters and some more." },
      },
    }),
  },
  {
    route: "GET /api/patients/:id/consents",
    who: ofOwner("radiographer", "radiologist", "privacy-officer", "administrator", "auditor"),
    ask: (_cast, _who, study) => ({ path: study.patient }),
  },
  {
    route: "POST /api/patients/:id/consents",
    who: ofOwner("radiographer", "radiologist", "privacy-officer"),
    passes: "access.denied", // the form is not there; who is refused by role hears that
    ask: (_cast, _who, study) => ({
      path: study.patient,
      body: {
        ...{ studyOwner: study.owner, study: study.id, formVersion: uuidv7(), decision: "given", givenBy: "self" },
        ...{ purposes: ["teaching"], channel: "paper" },
      },
    }),
  },
  { route: "POST /api/consents/:id/end", who: DESK, passes: "access.denied", ask: () => ({ ...nowhere(), body: {} }) },
  { route: "POST /api/uploads", who: STORING, ask: () => ({ body: {} }) },
  { route: "GET /api/uploads/:id", who: ["owner:radiographer"], ask: ({ upload }) => ({ path: upload }) },
  {
    route: "PUT /api/uploads/:id/files/:n",
    who: ["owner:radiographer"],
    ask: ({ upload }) => ({ path: upload, ...DICOM }),
  },
  { route: "GET /api/events", who: PEOPLE },
  { route: "GET /api/session", who: PEOPLE },
  {
    route: "POST /api/session/organisation",
    who: PEOPLE.filter((name) => name.startsWith("partner:")),
    ask: ({ partner }) => ({ body: { organisation: partner } }),
  },
  { route: "PUT /api/account/name", who: PEOPLE, ask: (_cast, who) => ({ body: { displayName: `Person ${who}` } }) },
  { route: "GET /api/people", who: ADMINISTERING },
  {
    route: "POST /api/people",
    who: ADMINISTRATORS,
    ask: () => ({ body: { email: `${uuidv7()}@access.example`, displayName: "New", role: "referrer" } }),
  },
  {
    route: "PUT /api/people/:id/roles",
    who: ADMINISTRATORS,
    passes: "route.unknown",
    ask: () => ({ ...nowhere(), body: { roles: [] } }),
  },
  { route: "DELETE /api/people/:id", who: ADMINISTRATORS, passes: "route.unknown", ask: nowhere },
  {
    route: "POST /api/people/:id/reset",
    who: ADMINISTRATORS,
    passes: "route.unknown",
    ask: () => ({ ...nowhere(), body: {} }),
  },
  { route: "GET /api/devices", who: ADMINISTERING },
  {
    route: "POST /api/devices",
    who: ADMINISTRATORS,
    ask: (_cast, who) => ({ body: { aeTitle: who.replace(/[:.]/g, "").slice(0, 16) } }),
  },
  { route: "DELETE /api/devices/:id", who: ADMINISTERING, passes: "input.invalid", ask: nowhere },
  { route: "GET /api/tokens", who: ADMINISTERING },
  { route: "POST /api/tokens", who: ADMINISTRATORS, ask: () => ({ body: { name: "t", scopes: ["fhir.read"] } }) },
  { route: "DELETE /api/tokens/:id", who: ADMINISTERING, passes: "route.unknown", ask: nowhere },
  { route: "GET /api/organisation", who: ADMINISTERING },
  { route: "PUT /api/organisation", who: ADMINISTERING, ask: (_cast, who) => ({ body: organisation(who) }) },
  {
    route: "GET /api/partners",
    who: [...byRoles("administrator", "radiographer", "radiologist", "privacy-officer", "auditor"), "owner.admin"],
  },
  {
    route: "POST /api/partners",
    who: byRoles("administrator", "privacy-officer"),
    ask: ({ other }) => ({
      body: {
        ...{ partner: other, kind: "joint-care", purposes: ["care"] },
        ...{ from: "2026-01-01T00:00:00Z", until: "2099-01-01T00:00:00Z" },
      },
    }),
  },
  {
    route: "POST /api/partners/:id/end",
    who: [...byRoles("administrator", "privacy-officer"), "owner.admin"],
    passes: "route.unknown",
    ask: () => ({ ...nowhere(), body: {} }),
  },
  { route: "GET /api/audit", who: READERS },
  { route: "GET /api/audit/proof", who: READERS },
  { route: "GET /api/audit/proof/:id", who: READERS, passes: "route.unknown", ask: nowhere },
  { route: "GET /api/audit/export", who: READERS },
  { route: "GET /api/encryption", who: READERS },
  { route: "GET /metrics", who: ["operator"] },
];

const BEARERS: ActorName[] = ["nobody", "owner:administrator", "owner.admin", "link:view"];
const LINKS: ActorName[] = ["link:view", "link:download", "link:of-another-study"];
const OF_THIS: ActorName[] = ["link:view", "link:download"];
const LINK: readonly Row[] = [
  { route: "GET /api/link/study", link: true, who: LINKS },
  { route: "GET /api/link/frames/:instance/:frame", link: true, who: OF_THIS },
  { route: "GET /api/link/thumbnail/:instance", link: true, who: OF_THIS },
  { route: "GET /api/link/document/:instance/:page", link: true, who: [] },
  { route: "GET /api/link/report", link: true, who: [] },
  { route: "GET /api/link/report.pdf", link: true, who: [] },
  { route: "GET /api/link/download", link: true, who: ["link:download", "link:of-another-study"] },
];
const SECRETS: readonly Row[] = [
  ...["look", "send-code", "open"].map(
    (path): Row => ({
      route: `POST /api/link/${path}`,
      link: true,
      who: [],
      bearers: BEARERS,
      ask: () => ({ body: secret }),
    }),
  ),
  ...["look", "accept"].map(
    (path): Row => ({
      route: `POST /api/invitation/${path}`,
      link: true,
      who: [],
      bearers: BEARERS,
      ask: () => ({ body: secret }),
    }),
  ),
  ...["recovery", "finish"].map(
    (path): Row => ({
      route: `POST /api/setup/${path}`,
      link: true,
      who: [],
      bearers: BEARERS,
      ask: () => ({ body: secret }),
    }),
  ),
  {
    route: "POST /api/setup/begin",
    link: true,
    who: [],
    bearers: BEARERS,
    ask: () => ({
      body: { ...secret, organisation: "Mine", jurisdiction: "ZA", email: "me@access.example", displayName: "Me" },
    }),
  },
];

/** Better-auth behind its list; `sign-in.test.ts` tries them with what an attacker has in hand. */
const SIGN_IN: readonly Row[] = [
  ...["sign-in/email", "two-factor/verify-totp", "two-factor/verify-backup-code", "passkey/verify-authentication"].map(
    (path): Row => ({ route: `POST /api/auth/${path}`, open: "the door itself" }),
  ),
  { route: "POST /api/auth/two-factor/enable", open: "its own proof: a password" },
  { route: "GET /api/auth/passkey/generate-authenticate-options", open: "the door itself" },
  { route: "GET /api/auth/passkey/generate-register-options", who: PEOPLE },
  { route: "GET /api/auth/passkey/list-user-passkeys", who: PEOPLE },
  {
    route: "POST /api/auth/passkey/verify-registration",
    who: PEOPLE,
    passes: "sign-in.failed",
    ask: () => ({ body: { response: {} } }),
  },
  {
    route: "POST /api/auth/passkey/delete-passkey",
    who: PEOPLE,
    passes: "sign-in.failed",
    ask: () => ({ body: { id: "none" } }),
  },
  {
    route: "POST /api/auth/change-password",
    who: PEOPLE,
    passes: "sign-in.failed",
    ask: () => ({ body: { currentPassword: "not this one", newPassword: "a long enough password" } }),
  },
];
const OPEN: readonly Row[] = [
  { route: "GET /healthz", open: "says that the process lives" },
  { route: "GET /readyz", open: "says that it can serve" },
  { route: "GET /api/setup", open: "says whether this house is set up" },
  { route: "POST /api/auth/sign-out", open: "ends at most what the browser has" },
  { route: "POST /api/link/close", open: "ends at most what the browser has" },
  {
    route: "POST /api/link/ended",
    open: "says how the link stands by which this browser was let in, null to every other",
  },
  { route: "GET /*", open: "the pages: files without anybody's data" },
];

/** Every route there is. The test holds this list against the running server's own. */
export const ROWS: readonly Row[] = [...DICOMWEB, ...STOW, ...API, ...LINK, ...SECRETS, ...SIGN_IN, ...OPEN];

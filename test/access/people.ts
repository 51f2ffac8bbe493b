import { systemActor } from "#features/audit/actor.ts";
import { publishStarterForms, recordConsent } from "#features/consent/actions.ts";
import { formsOf } from "#features/consent/queries.ts";
import { dismissPerson } from "#features/people/person-actions.ts";
import { enrolSecondFactor } from "#features/people/signin/enrol.ts";
import { endToken } from "#features/people/tokens/actions.ts";
import { saveDraft, signReport } from "#features/reports/actions.ts";
import { revokeGrant, shareStudy } from "#features/sharing/actions.ts";
import { endAgreement } from "#features/sharing/agreement-actions.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { AccessHouse, Staff } from "../support/access-house.ts";
import type { TestStudy } from "../support/sharing.ts";
import { ACTORS, type ActorName, STUDIES, type StudyName } from "./expected.ts";

/** What somebody sends with every request. */
export type Credentials = Record<string, string>;

export type Target = TestStudy & { seriesUid: string; instanceUid: string; instance: string; patientName: string };

/** Everybody of the matrix at the doors of one server, with the studies they try to reach. */
export type Cast = {
  house: AccessHouse;
  owner: string;
  partner: string;
  other: string;
  credentials: Record<ActorName, Credentials>;
  staff: Partial<Record<ActorName, Staff>>;
  studies: Record<StudyName, Target>;
  /** A link that somebody has opened, and its grant. */
  link: { secret: string; grant: string };
  upload: string;
  consent: string;
  agreement: string;
};

const ROLES = ["administrator", "radiographer", "radiologist", "referrer", "privacy-officer", "auditor"] as const;
const AUDITING: readonly string[] = ["privacy-officer", "auditor"];

export async function cast(house: AccessHouse): Promise<Cast> {
  const [owner, partner, other] = [
    await house.organisation("Owner Clinic"),
    await house.organisation("Partner Readers"),
    await house.organisation("Third House"),
  ];
  const staff: Partial<Record<ActorName, Staff>> = {};
  for (const role of ROLES) {
    const purpose = AUDITING.includes(role) ? "audit" : "care";
    staff[`owner:${role}`] = await house.person(owner, [role], purpose);
    staff[`partner:${role}`] = await house.person(partner, [role], purpose);
  }
  staff["owner:dismissed"] = await house.person(owner, ["radiologist"]);
  staff["partner:named"] = await house.person(partner, ["administrator"]);
  staff["other:radiologist"] = await house.person(other, ["radiologist"]);
  const credentials = Object.fromEntries(ACTORS.map((name) => [name, {}])) as Record<ActorName, Credentials>;
  for (const [name, person] of Object.entries(staff) as [ActorName, Staff][])
    credentials[name] = { cookie: await house.signedIn(person), origin: house.url };
  const sharer = need(staff["owner:radiographer"]);
  const studies = await storeStudies(house, owner, partner);
  const { agreement, link } = await share(
    house,
    { owner, partner, sharer, named: need(staff["partner:named"]) },
    studies,
  );
  await addTokens(house, credentials, { owner, partner, other });
  await addHalves(house, credentials, owner);
  await addLinks(house, credentials, sharer, studies);
  await report(house, need(staff["owner:radiologist"]), [studies.plain, studies.taken]);
  await dismissPerson(house.node, systemActor(owner, uuidv7()), { id: need(staff["owner:dismissed"]).id });
  await house.sql("insert into upload (organisation, id, person) values ($1, $2, $3)", [owner, UPLOAD, sharer.id]);
  const consent = await consentOf(house, sharer, studies.plain);
  return { house, owner, partner, other, credentials, staff, studies, link, upload: UPLOAD, consent, agreement };
}

const UPLOAD = uuidv7();

export function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the cast is not complete");
  return value;
}

async function storeStudies(house: AccessHouse, owner: string, partner: string): Promise<Record<StudyName, Target>> {
  const found: Partial<Record<StudyName, Target>> = {};
  for (const [at, name] of STUDIES.entries()) {
    const patientName = `CANARY${name.toUpperCase()}^${at}`;
    const study = await house.study(name === "theirs" ? partner : owner, undefined, {
      PatientName: patientName,
      AccessionNumber: `ACC-${name}`,
    });
    const [row] = await house.sql<{ series_uid: string; uid: string; id: string }>(
      `select s.series_uid, i.sop_instance_uid as uid, i.id from instance i join series s on s.organisation = i.organisation and s.id = i.series where i.study = $1`,
      [study.id],
    );
    if (row) found[name] = { ...study, patientName, seriesUid: row.series_uid, instanceUid: row.uid, instance: row.id };
  }
  return found as Record<StudyName, Target>;
}

type Parties = { owner: string; partner: string; sharer: Staff; named: Staff };

/** One study for each way in which a grant may stand. */
async function share(
  house: AccessHouse,
  { owner, partner, sharer, named }: Parties,
  studies: Record<StudyName, Target>,
) {
  const { id: agreement } = await house.agreement(owner, partner, ["care", "research"]);
  const { id: ending } = await house.agreement(owner, partner, ["care"]);
  const to = { organisation: partner, agreement, rights: ["view"] as const };
  await house.grant(sharer, studies.viewed, to);
  await house.grant(sharer, studies.taken, { ...to, rights: ["view", "download", "report"] });
  await house.grant(sharer, studies.research, { ...to, purpose: "research" });
  await house.grant(sharer, studies.ended, { ...to, agreement: ending, rights: ["view", "download"] });
  const expired = await house.grant(sharer, studies.expired, { ...to, rights: ["view", "download"] });
  const revoked = await house.grant(sharer, studies.revoked, { ...to, rights: ["view", "download"] });
  await shareStudy(house.node, sharer, {
    ...{ owner, study: studies.named.id, subject: { kind: "person", email: named.email }, purpose: "care" },
    ...{ basis: { kind: "agreement", id: agreement }, rights: ["view"] },
  });
  await endAgreement(house.node, systemActor(owner, uuidv7()), { id: ending });
  await revokeGrant(house.node, sharer, { id: revoked });
  await expire(house, expired);
  return { agreement, link: await linkTo(house, sharer, studies.linked, ["view"]) };
}

/** Time passes for a grant. */
async function expire(house: AccessHouse, grant: string): Promise<void> {
  await house.sql("update access_grant set until_at = now() - interval '1 second' where id = $1", [grant]);
  await house.sql("update access set until_at = now() - interval '1 second' where grant_id = $1", [grant]);
}

async function addTokens(
  house: AccessHouse,
  credentials: Record<ActorName, Credentials>,
  { owner, partner, other }: { owner: string; partner: string; other: string },
): Promise<void> {
  const bearer = async (name: ActorName, ...token: Parameters<AccessHouse["token"]>): Promise<string> => {
    const { id, secret } = await house.token(...token);
    credentials[name] = { authorization: `Bearer ${secret}` };
    return id;
  };
  await bearer("owner.read", owner, ["dicomweb.read"]);
  await bearer("owner.write", owner, ["dicomweb.write"]);
  await bearer("owner.admin", owner, ["admin"]);
  await bearer("owner.research", owner, ["dicomweb.read"], "research");
  const ended = await bearer("owner.ended", owner, ["dicomweb.read", "dicomweb.write", "admin"]);
  await endToken(house.node, systemActor(owner, uuidv7()), { id: ended });
  const expired = await bearer("owner.expired", owner, ["dicomweb.read", "dicomweb.write", "admin"]);
  await house.sql("update machine_token set expires_at = now() - interval '1 second' where id = $1", [expired]);
  await bearer("partner.read", partner, ["dicomweb.read"]);
  await bearer("partner.research", partner, ["dicomweb.read"], "research");
  await bearer("other.read", other, ["dicomweb.read"]);
  credentials["operator"] = { authorization: "Bearer of-the-operator" };
}

/** Who has gone half the way, and who holds what the database holds. */
async function addHalves(
  house: AccessHouse,
  credentials: Record<ActorName, Credentials>,
  owner: string,
): Promise<void> {
  const enrolling = await house.person(owner, ["radiologist"], "care", true);
  credentials["half:no-factor-yet"] = { cookie: await house.halfSignedIn(enrolling), origin: house.url };
  const owing = await house.person(owner, ["radiologist"], "care", true);
  await enrolSecondFactor(house.server.serving.signin.place, owing.user);
  credentials["half:code-owed"] = { cookie: await house.halfSignedIn(owing), origin: house.url };
  const robbed = await house.person(owner, ["radiologist"]);
  await house.signedIn(robbed);
  const [row] = await house.sql<{ token: string; hash: Buffer }>(
    `select s.token, p.secret_hash as hash from auth.session s join auth.session_proof p on p.session = s.id where s."userId" = $1`,
    [robbed.user],
  );
  const [token, hash] = [row?.token ?? "", row?.hash.toString("base64url") ?? ""];
  credentials["thief:session-row"] = {
    cookie: `safelight=${token}; safelight-auth.session_token=${token}`,
    origin: house.url,
  };
  credentials["thief:hashes"] = { cookie: `safelight=${hash}; sl-link=${hash}`, origin: house.url };
}

/** Links in every state, each as the browser that opened it once. */
async function addLinks(
  house: AccessHouse,
  credentials: Record<ActorName, Credentials>,
  sharer: Staff,
  studies: Record<StudyName, Target>,
): Promise<void> {
  const open = async (name: ActorName, study: Target, rights: ("view" | "download")[]): Promise<string> => {
    const { secret, grant } = await linkTo(house, sharer, study, rights);
    credentials[name] = { cookie: await openLink(house, secret), origin: house.url };
    return grant;
  };
  await open("link:view", studies.linked, ["view"]);
  await open("link:download", studies.linked, ["view", "download"]);
  await open("link:of-another-study", studies.plain, ["view", "download"]);
  await expire(house, await open("link:expired", studies.linked, ["view", "download"]));
  await revokeGrant(house.node, sharer, { id: await open("link:revoked", studies.linked, ["view", "download"]) });
}

export const LINK_PASSWORD = "a word given apart";

export async function linkTo(
  house: AccessHouse,
  sharer: Staff,
  study: TestStudy,
  rights: ("view" | "download")[],
  more: { maxUses?: number } = {},
): Promise<{ secret: string; grant: string }> {
  const { grant, link } = await shareStudy(house.node, sharer, {
    ...{ owner: study.owner, study: study.id, subject: { kind: "link", recipient: "Dr Recipient" } },
    ...{ purpose: "care", basis: { kind: "own-care" }, rights, withReport: false, ...more },
    challenge: { kind: "password", password: LINK_PASSWORD },
  });
  return { grant, secret: link?.secret.reveal() ?? "" };
}

/** Opens a link as a browser does; the cookie it was given. */
export async function openLink(house: AccessHouse, secret: string): Promise<string> {
  const answer = await fetch(`${house.url}/api/link/open`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: house.url },
    body: JSON.stringify({ secret, answer: LINK_PASSWORD }),
  });
  if (answer.status !== 200) throw new Error(`the link answered ${answer.status} ${await answer.text()}`);
  await answer.body?.cancel();
  return answer.headers.getSetCookie()[0]?.split(";", 1).join() ?? "";
}

async function report(house: AccessHouse, by: Staff, studies: readonly Target[]): Promise<void> {
  const text = { indication: "", comparison: "", findings: "Nothing found.", impression: "Normal." };
  for (const { owner, id: study } of studies) {
    const { version, sha256 } = await saveDraft(house.node, by, { owner, study, text, base: 0 });
    await signReport(house.node, by, { owner, study, status: "final", version, sha256 });
  }
}

async function consentOf(house: AccessHouse, by: Staff, study: Target): Promise<string> {
  await publishStarterForms(house.node, study.owner);
  const forms = await house.node.database.read({ organisation: study.owner, person: null }, (tx) =>
    formsOf(tx, study.owner),
  );
  const form = need(forms.find(({ purposes }) => purposes.includes("teaching")));
  const { id } = await recordConsent(house.node, by, {
    ...{ studyOwner: study.owner, study: study.id, formVersion: form.id, decision: "given", givenBy: "self" },
    ...{ purposes: ["teaching"], channel: "paper" },
  });
  return id;
}

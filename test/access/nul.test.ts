import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AuditQuery } from "#features/audit/search.ts";
import { matchKeysOf } from "#features/studies/dicomweb/match.ts";
import { instanceOf } from "#phantoms/record/modules.ts";
import { AccessHouse } from "../support/access-house.ts";
import { ask, codeOf, type Heard, inTurns, type Wanted } from "./ask.ts";
import type { ActorName } from "./expected.ts";
import { type Cast, cast } from "./people.ts";
import { ROWS } from "./rows.ts";

/** U+0000 in every text of every route that takes one: PostgreSQL keeps none, and a client's mistake is no failure of ours. */
const NUL = "a\0b";
let house: AccessHouse;
let all: Cast;

before(async () => {
  house = await AccessHouse.open();
  all = await cast(house);
});
after(() => house.close());

const send = (who: ActorName, wanted: Wanted): Promise<Heard> =>
  ask(house.url, all.credentials[who], { ...wanted, headers: { origin: house.url, accept: "*/*", ...wanted.headers } });

/** The same body with each of its texts, in turn, replaced. */
function spoiled(body: unknown): unknown[] {
  if (typeof body === "string") return [NUL];
  if (typeof body !== "object" || body === null) return [];
  return Object.entries(body).flatMap(([key, value]) =>
    spoiled(value).map((other) => (Array.isArray(body) ? body.with(Number(key), other) : { ...body, [key]: other })),
  );
}

/** What the matrix does not send: every text that a body may have. */
const MORE: readonly { route: string; who: ActorName; body: object }[] = [
  { route: "POST /api/auth/sign-in/email", who: "nobody", body: { email: "a@access.example", password: "x" } },
  { route: "POST /api/auth/two-factor/verify-totp", who: "half:code-owed", body: { code: "123456" } },
  { route: "POST /api/auth/two-factor/verify-backup-code", who: "half:code-owed", body: { code: "123456" } },
  { route: "POST /api/auth/two-factor/enable", who: "half:no-factor-yet", body: { password: "x" } },
  { route: "POST /api/auth/passkey/verify-authentication", who: "nobody", body: { response: { id: "a", type: "b" } } },
  {
    route: "POST /api/devices",
    who: "owner:administrator",
    body: { aeTitle: "NUL", description: "d", host: "h", certificate: "c" },
  },
  {
    route: "POST /api/partners",
    who: "owner:administrator",
    body: {
      ...{ partner: "Partner Readers", kind: "joint-care", reference: "r", purposes: ["care"], countries: ["ZA"] },
      ...{ from: "2026-01-01T00:00:00Z", until: "2099-01-01T00:00:00Z" },
    },
  },
  {
    route: "POST /api/consent/forms",
    who: "owner:privacy-officer",
    body: {
      ...{ form: "abc", language: "en", jurisdiction: "ZA", purposes: ["care"], title: "A title" },
      body: "b".repeat(40),
    },
  },
];

const fill = (pattern: string): string => {
  const { owner, uid, id, seriesUid, instanceUid, instance } = all.studies.plain;
  return pattern
    .replace(/:org|:owner/, owner)
    .replace(":study", uid)
    .replace(":series", seriesUid)
    .replace(":instance", pattern.startsWith("/api/link") ? instance : instanceUid)
    .replace(/:frames?|:page|:n$/, "1")
    .replace("*", "7FE00010")
    .replace(":id", id);
};

test("no body with U+0000 in any of its texts is answered by a failure", async () => {
  const routes = new Set<string>();
  const bodies: { route: string; who: ActorName; body: unknown }[] = [...MORE];
  for (const row of ROWS) {
    const who = row.who?.[0] ?? row.bearers?.[0] ?? "owner:radiologist";
    const { body } = (await row.ask?.(all, who, all.studies.plain)) ?? {};
    if (body !== undefined) bodies.push({ route: row.route, who, body });
  }
  const asked = bodies.flatMap(({ body, ...one }) =>
    spoiled(body).map((bad) => ({ ...one, body: JSON.stringify(bad) })),
  );
  await inTurns(asked, 16, async ({ route, who, body }) => {
    const [method = "", pattern = ""] = route.split(" ");
    const heard = await send(who, { method, path: fill(pattern), body });
    assert.ok(heard.status >= 400 && heard.status < 500, `${route} ${body}: ${heard.status}`);
    if (codeOf(heard) === "input.invalid") routes.add(route);
  });
  assert.ok(routes.size > 25, `only ${routes.size} routes took a body`);
});

test("no address with U+0000 in any of its parts is answered by a failure", async () => {
  for (const { route, who, right } of ROWS) {
    const [method = "", pattern = ""] = route.split(" ");
    for (const part of pattern.match(/:\w+|\*$/g) ?? []) {
      const path = fill(pattern.replace(part, "a%00b"));
      const heard = await send(who?.[0] ?? (right ? "owner:radiologist" : "owner:administrator"), { method, path });
      assert.ok(heard.status >= 400 && heard.status < 500, `${method} ${path}: ${heard.status}`);
    }
  }
});

const QIDO = ["limit", "offset", "fuzzymatching", "emptyvaluematching", "multiplevaluematching", "includefield"];
const TABLES: readonly { path: string; who: ActorName; names: readonly string[] }[] = [
  { path: "/api/audit", who: "owner:auditor", names: Object.keys(AuditQuery.shape) },
  { path: "/api/audit/export", who: "owner:auditor", names: ["details"] },
  {
    path: "/api/studies",
    who: "owner:radiologist",
    names: ["q", "modality", "report", "from", "to", "owner", "sort", "after", "limit"],
  },
  ...(["study", "series", "instance"] as const).map((level) => ({
    path: `/dicomweb/${level === "study" ? "studies" : level === "series" ? "series" : "instances"}`,
    who: "owner:radiologist" as const,
    names: [...matchKeysOf(level).map(({ path }) => path), ...QIDO, "00089999", "accept"],
  })),
];

test("no query with U+0000 in any of its values or names is answered by a failure, spoiled encoding beside it or not", async () => {
  for (const { path, who, names } of TABLES)
    for (const name of names)
      for (const query of [`${name}=a%00b`, `${name}=%00`, `${name}=a%00b%E0%A4%A`, `${name}%00=a`]) {
        const heard = await send(who, { method: "GET", path: `${path}?${query}` });
        assert.ok(heard.status < 500, `${path}?${query}: ${heard.status}`);
        if (!query.includes("%E0")) assert.equal(codeOf(heard), "input.invalid", `${path}?${query}`);
      }
});

test("a list's cursor that decodes to U+0000 is refused", async () => {
  for (const values of [["\0"], ["\0", "\0"], ["20260101", "\0", "\0"], ["\0", "\0", "\0", "\0"]]) {
    const after = Buffer.from(JSON.stringify(values)).toString("base64url");
    for (const [path, who] of [
      ["/api/studies", "owner:radiologist"],
      ["/api/audit", "owner:auditor"],
    ] as const) {
      const heard = await send(who, { method: "GET", path: `${path}?after=${after}` });
      assert.ok(heard.status < 500, `${path} ${JSON.stringify(values)}: ${heard.status}`);
    }
  }
});

test("an object with U+0000 within its texts is stored or refused, and the search goes on", async () => {
  const CT = "1.2.840.10008.5.1.4.1.1.2";
  const attributes = {
    ...{ PatientName: "Nul^Text", PatientID: "NUL1", IssuerOfPatientID: "I", AccessionNumber: "A", StudyID: "S" },
    ...{ StudyDescription: "D", SeriesDescription: "E", ReferringPhysicianName: "R", PatientBirthDate: "19700101" },
    ...{ StudyDate: "20260101", Modality: "CT", BodyPartExamined: "HEAD", PatientSex: "F" },
  };
  for (const [at, name] of Object.keys(attributes).entries()) {
    const uid = `2.25.77${at}`;
    const { part10 } = instanceOf(CT, `${uid}.2`, {
      ...{ ...attributes, StudyInstanceUID: uid, SeriesInstanceUID: `${uid}.1`, [name]: NUL },
    });
    const heard = await send("owner:radiographer", {
      ...{ method: "POST", path: "/dicomweb/studies", body: part10 },
      headers: { "content-type": "application/dicom", accept: "application/dicom+json" },
    });
    assert.ok(heard.status < 500, `${name}: ${heard.status}`);
  }
  assert.equal((await send("owner:radiologist", { method: "GET", path: "/dicomweb/studies" })).status, 200);
});

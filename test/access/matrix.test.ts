import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AccessHouse } from "../support/access-house.ts";
import { ask, codeOf, type Heard, inTurns } from "./ask.ts";
import { ACTORS, type ActorName, houseOf, may, STRANGERS, STUDIES, type StudyName } from "./expected.ts";
import { type Cast, cast, type Target } from "./people.ts";
import { ROWS, type Row } from "./rows.ts";

/**
 * Acceptance 5: actor × organisation × purpose × route over real wires. Who may do what stands in expected.ts and rows.ts and
 * nowhere else; every answer is searched for studies its asker may not know of.
 */
let house: AccessHouse;
let all: Cast;

before(async () => {
  house = await AccessHouse.open();
  all = await cast(house);
});
after(() => house.close());

const KNOWN = ACTORS.filter((who) => !STRANGERS.includes(who));

type Case = { row: Row; who: ActorName; name: StudyName };

function pathOf({ route }: Row, study: Target, id: string): string {
  const [, pattern = ""] = route.split(" ");
  return pattern
    .replace(":org", study.owner)
    .replace(":owner", study.owner)
    .replace(":study", study.uid)
    .replace(":series", study.seriesUid)
    .replace(":instance", pattern.startsWith("/api/link") ? study.instance : study.instanceUid)
    .replace(/:frames?|:page|:n$/, "1")
    .replace("*", pattern.includes("bulkdata") ? "7FE00010" : "")
    .replace(":id", id);
}

async function send(row: Row, who: ActorName, study: Target): Promise<Heard> {
  const [method = ""] = row.route.split(" ");
  const { path, body, raw, headers } = (await row.ask?.(all, who, study)) ?? {};
  return ask(house.url, all.credentials[who], {
    method,
    path: pathOf(row, study, path ?? study.id),
    headers: { accept: "*/*", origin: house.url, ...headers },
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
  });
}

const asked = ({ row, who, name }: Case): string => `${who}: ${row.route} (${name})`;

const REFUSALS = ["sign-in.required", "role.denied", "access.denied", "link.closed"];

function isIn(heard: Heard, { passes }: Row): boolean {
  if (heard.status < 300) return true;
  if (passes === "(refused instance)") return heard.status === 409 && codeOf(heard) === "";
  return passes !== undefined && codeOf(heard) === passes;
}

function expected({ row, who, name }: Case): boolean {
  if (row.open !== undefined) return true;
  if (row.right !== undefined) return may(who, row.right, name) && !(row.people === true && !who.includes(":"));
  return row.who?.includes(who) === true;
}

/** Name, accession number and ID of every study this actor may not look at: they stand in no answer. */
function foreign(who: ActorName, row: Row): string[] {
  const ofRecord = row.route.startsWith("GET /api/audit"); // its readers know the studies in it, and what was asked in vain
  return STUDIES.filter(
    (name) =>
      !may(who, "v", name) &&
      !(who.startsWith("link:") && (name === "linked" || (name === "plain" && who === "link:of-another-study"))) &&
      !(ofRecord && houseOf(who) === (name === "theirs" ? "partner" : "owner")),
  ).flatMap((name) => {
    const { patientName, id } = all.studies[name];
    return [patientName, patientName.replace("^", " "), `ACC-${name}`, ...(ofRecord ? [] : [id])];
  });
}

function judge(one: Case, heard: Heard): void {
  const { row, who } = one;
  const said = `${asked(one)} answered ${heard.status} ${codeOf(heard)}`;
  assert.ok(heard.status < 500, `${said} ${heard.body.toString()}`);
  for (const word of foreign(who, row)) assert.ok(!heard.body.includes(word), `${asked(one)} tells ${word}`);
  if (expected(one)) {
    assert.ok(isIn(heard, row), said);
    return;
  }
  const refusal = row.link ? "link.closed" : STRANGERS.includes(who) ? "sign-in.required" : null;
  if (refusal !== null) assert.equal(codeOf(heard), refusal, said);
  else assert.ok(REFUSALS.includes(codeOf(heard)), said);
}

/** A route that names no study is asked once; one that does, about each of them or, where it repeats another route, about some. */
function casesOf(row: Row): Case[] {
  const study = row.right !== undefined || /:(study|owner)\b|:id\/consents|grants/.test(row.route);
  const repeats = !row.route.startsWith("GET") || row.route.startsWith("GET /dicomweb/studies/");
  const studies: readonly StudyName[] = study
    ? repeats
      ? ["plain", "viewed", "theirs"]
      : STUDIES
    : row.route.includes(":org")
      ? ["linked", "theirs"]
      : ["linked"];
  return (row.bearers ?? ACTORS).flatMap((who) =>
    (STRANGERS.includes(who) ? studies.slice(0, 1) : studies).map((name): Case => ({ row, who, name })),
  );
}

test("every route of the running server has a row here, and every row is a route", () => {
  const running = house.routes.filter(({ method }) => method !== "HEAD").map(({ method, url }) => `${method} ${url}`);
  const rows = ROWS.map(({ route }) => route);
  assert.deepEqual(
    running.filter((route) => !rows.includes(route)),
    [],
    "add what these routes let whom do to rows.ts",
  );
  assert.deepEqual(
    rows.filter((route) => !running.includes(route)),
    [],
  );
  assert.equal(new Set(rows).size, rows.length);
});

/** Within one's own organisation the root without an organisation says the same; elsewhere it has nothing of anybody else. */
const reaches = ({ row, who, name }: Case): boolean =>
  row.route.includes("/orgs/") ||
  !row.route.includes("/dicomweb") ||
  houseOf(who) === (name === "theirs" ? "partner" : "owner");

test("no actor gets an object, at any level of DICOMweb, that the table does not give", async () => {
  const cases = ROWS.filter(({ right, route }) => right !== undefined && route.includes("/dicomweb")).flatMap(casesOf);
  await inTurns(cases, 8, async (one) => {
    if (reaches(one)) return judge(one, await send(one.row, one.who, all.studies[one.name]));
    const heard = await send(one.row, one.who, all.studies[one.name]);
    assert.ok(["sign-in.required", "access.denied"].includes(codeOf(heard)), `${asked(one)} ${heard.status}`);
  });
});

test("a HEAD is judged as the GET beside it", async () => {
  const heads = house.routes.filter(({ method, url }) => method === "HEAD" && url.includes(":org/studies/:study"));
  const cases = heads.flatMap(({ url }) => KNOWN.map((who) => ({ url, who })));
  await inTurns(cases, 8, async ({ url, who }) => {
    const row = { route: `GET ${url}` };
    const heard = await ask(house.url, all.credentials[who], {
      ...{ method: "HEAD", path: pathOf(row, all.studies.expired, ""), headers: { accept: "*/*" } },
    });
    const get = await send(row, who, all.studies.expired);
    assert.deepEqual([heard.status, heard.body.length], [get.status, 0], `${who}: HEAD ${url}`);
  });
});

test("a search finds exactly what the table gives, at every level", async () => {
  const cases = ROWS.filter(({ search }) => search).flatMap(casesOf);
  await inTurns(cases, 8, async (one) => {
    const { row, who, name } = one;
    const heard = await send(row, who, all.studies[name]);
    if (STRANGERS.includes(who)) return assert.equal(codeOf(heard), "sign-in.required", asked(one));
    assert.ok(heard.status === 200 || heard.status === 204, `${asked(one)} ${heard.status}`);
    const owner = row.route.includes("/orgs/") ? (name === "theirs" ? "partner" : "owner") : houseOf(who);
    const wanted = STUDIES.filter(
      (study) =>
        may(who, "v", study) &&
        (row.route.startsWith("GET /api") || (study === "theirs" ? "partner" : "owner") === owner) &&
        (!row.route.includes(":study") || study === name),
    );
    const found = STUDIES.filter((study) => heard.body.includes(all.studies[study].uid));
    assert.deepEqual(found, wanted, asked(one));
  });
});

test("no actor gets in at any other route that the table does not open", async () => {
  const cases = ROWS.filter(
    ({ right, route, search, open, link }) =>
      search === undefined &&
      open === undefined &&
      link === undefined &&
      !(right !== undefined && route.includes("/dicomweb")),
  ).flatMap(casesOf);
  await inTurns(cases, 8, async (one) => {
    const owned = one.row.who?.some(
      (who) => houseOf(who) === "owner" && /:(owner|id\/consents)|grants/.test(one.row.route),
    );
    const theirs = one.name === "theirs" && owned === true;
    if (theirs && one.row.right === undefined) return; // the owner's people, at the partner's study: see below
    judge(one, await send(one.row, one.who, all.studies[one.name]));
  });
});

test("the doors of links open to who opened that link, and to nobody by anything else", async () => {
  const cases = ROWS.filter(({ link }) => link).flatMap((row) => casesOf(row));
  await inTurns(cases, 16, async (one) => judge(one, await send(one.row, one.who, all.studies[one.name])));
});

test("nothing that an actor asked for has changed what the others have", async () => {
  const rows = await house.sql<{ id: string; instances: number }>(
    "select id, instance_count as instances from study order by id",
  );
  assert.deepEqual(
    rows.map(({ id, instances }) => [id, instances]),
    Object.values(all.studies)
      .map(({ id }) => [id, 1])
      .sort(),
  );
});

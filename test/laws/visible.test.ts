import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { type RawBuilder, sql } from "kysely";
import { PURPOSES, type Purpose, RIGHTS, type Right, ROLES, type Role, SCOPES } from "#contract/words.ts";
import type { World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { endGrants, insertGrant } from "#features/sharing/grant-queries.ts";
import { studyFacts } from "#features/sharing/queries.ts";
import { type GrantFacts, mayView } from "#features/sharing/rules.ts";
import { visibleAcross, visibleTo } from "#features/sharing/visible.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { Database } from "#platform/postgres/db.ts";
import { testDatabase } from "../support/database.ts";
import { anOrganisation, testWorld } from "../support/people.ts";

/**
 * Search cannot call a function a row: the policy of `mayView` stands once more as SQL. Over random histories of grants, ends,
 * roles and purposes both give the same sets, whether the facts are a model in memory or read from the database, and row-level
 * security hides nothing that the policy shows.
 */
const RUNS = Number(process.env["LAW_RUNS"] ?? 60);
const MINUTES = 60_000;

let database: Database;
let world: World;
let organisations: string[];
let people: string[];
const links = [uuidv7(), uuidv7()];
/** Two studies of each organisation. */
let studies: { owner: string; id: string }[];

before(async () => {
  database = await testDatabase();
  world = testWorld(database);
  organisations = [await anOrganisation(world), await anOrganisation(world), await anOrganisation(world)];
  people = [uuidv7(), uuidv7()]; // each of them works now for one organisation, now for another
  studies = [];
  for (const owner of organisations) {
    const patient = uuidv7();
    await database.owner.query("insert into patient (organisation, id, patient_id) values ($1, $2, $3)", [
      owner,
      patient,
      patient,
    ]);
    for (let number = 0; number < 2; number++) {
      const study = { owner, id: uuidv7() };
      studies.push(study);
      await database.owner.query(
        "insert into study (organisation, id, study_uid, patient, key_group) values ($1, $2, $3, $4, $5)",
        [owner, study.id, `2.25.${number}`, patient, uuidv7()],
      );
    }
  }
});

type Step =
  | {
      do: "grant";
      study: number;
      subject: number;
      workplace: number;
      rights: Right[];
      purpose: Purpose;
      from: number;
      until: number;
      basisUntil: number | null;
      prior: boolean;
    }
  | { do: "revoke" | "end-basis"; which: number };

/** Moments are whole minutes away, so that no grant begins or ends while the law is being checked. */
const minute = fc.constantFrom(-30, -10, 10, 30);
/** Two times of three the value under which something is seen. */
const often = <T>(value: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("grant" as const),
      study: fc.nat(5),
      subject: fc.nat(6),
      workplace: fc.nat(3),
      rights: often([...RIGHTS], fc.subarray([...RIGHTS])),
      purpose: often("care" as Purpose, fc.constantFrom(...PURPOSES)),
      from: often(-10, minute),
      until: often(30, minute),
      basisUntil: often(null, minute),
      prior: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("revoke" as const, "end-basis" as const), which: fc.nat(20) }),
  },
);

type Who = {
  kind: "person" | "token" | "device" | "link" | "system";
  number: number;
  organisation: number;
  roles: Role[];
  scopes: string[];
  services: string[];
  rights: Right[];
  purpose: Purpose;
};
const someone: fc.Arbitrary<Who> = fc.record({
  kind: fc.constantFrom("person", "person", "person", "token", "device", "link", "system"),
  number: fc.nat(1),
  organisation: fc.nat(2),
  roles: often(["radiologist"] as Role[], fc.subarray([...ROLES])),
  scopes: often(["dicomweb.read"], fc.subarray<string>([...SCOPES])),
  services: often(["query"], fc.subarray(["store", "query"])),
  rights: often([...RIGHTS], fc.subarray([...RIGHTS])),
  purpose: often("care" as Purpose, fc.constantFrom(...PURPOSES)),
});

function actorOf({ kind, number, organisation, ...rest }: Who): Actor {
  const base = { organisation: organisations[organisation] ?? "", session: "law" };
  switch (kind) {
    case "person":
      return { kind, id: people[number] ?? "", ...base, roles: rest.roles, purpose: rest.purpose };
    case "token":
      return { kind, id: uuidv7(), ...base, scopes: rest.scopes as never, purpose: rest.purpose };
    case "device":
      return { kind, id: uuidv7(), ...base, services: rest.services, purpose: rest.purpose };
    case "link":
      return { kind, id: links[number] ?? "", ...base, rights: rest.rights, purpose: rest.purpose };
    case "system":
      return { kind, id: null, ...base, purpose: "operations" };
  }
}

type Model = GrantFacts & { owner: string; studies: string[] };

/** Plays a history into the database and into memory. */
async function play(steps: readonly Step[]): Promise<Model[]> {
  await database.owner.query("delete from access");
  await database.owner.query("delete from access_grant");
  const model: Model[] = [];
  const subjects = [...organisations, ...people, ...links];
  for (const one of steps) {
    const now = new Date();
    const after = (minutes: number) => new Date(now.getTime() + minutes * MINUTES);
    if (one.do !== "grant") {
      const grant = model[one.which];
      if (!grant) continue;
      await database.transaction({ organisation: grant.owner, person: null }, (tx) =>
        endGrants(tx, grant.owner, [grant.id], { by: null, basisEnded: one.do === "end-basis" }),
      );
      if (one.do === "revoke") grant.revokedAt ??= now;
      else grant.basisEndedAt = now;
      continue;
    }
    const study = studies[one.study];
    const subject = subjects[one.subject];
    if (!study || !subject) continue;
    const twin = studies.find((other) => other.owner === study.owner && other.id !== study.id);
    const opened = one.prior && twin ? [study.id, twin.id] : [study.id];
    const grant: Model = {
      ...{ workplace: isPerson(one.subject) ? (organisations[one.workplace] ?? null) : null },
      ...{ id: uuidv7(), owner: study.owner, subject, studies: opened, rights: one.rights, purpose: one.purpose },
      ...{
        basisKind: "own-care",
        basisUntil: one.basisUntil === null ? null : after(one.basisUntil),
        basisEndedAt: null,
      },
      ...{ from: after(one.from), until: after(one.until), revokedAt: null, withReport: true },
    };
    await store(grant, study.id, one.subject);
    model.push(grant);
  }
  return model;
}

/** Of the organisations, people and links that a grant may name. */
const isPerson = (subject: number): boolean => subject === 3 || subject === 4;

async function store(grant: Model, study: string, subject: number): Promise<void> {
  await database.transaction({ organisation: grant.owner, person: null }, async (tx) => {
    await insertGrant(tx, {
      ...{ organisation: grant.owner, id: grant.id, study, withPriors: grant.studies.length > 1, withReport: true },
      ...{ subjectKind: subject < 3 ? "organisation" : isPerson(subject) ? "person" : "link", subject: grant.subject },
      ...{ workplace: grant.workplace, recipient: "" },
      ...{ rights: grant.rights, purpose: grant.purpose, basisKind: "own-care", basis: null, basisNote: "" },
      ...{ basisUntil: grant.basisUntil, until: grant.until, createdBy: null },
      studies: grant.studies.map((id) => ({ id, studyDate: "" })),
    });
    await sql`update access_grant set from_at = ${grant.from} where organisation = ${grant.owner} and id = ${grant.id}`.execute(
      tx,
    );
  });
}

const sorted = (ids: readonly string[]) => [...ids].sort();

/** Studies that somebody saw by a grant, and that a grant named somebody who works elsewhere for, so that the law is not kept by empty sets. */
let shown = 0;
let elsewhere = 0;

/** What a search finds as the actor, behind row-level security; without that wall the condition alone says the same. */
async function found(who: Actor, condition: RawBuilder<boolean>): Promise<string[]> {
  const search = sql<{ id: string }>`select study.id from study where ${condition}`;
  const [behind, text] = await database.read(scopeOf(who), async (tx) => [
    await search.execute(tx),
    search.compile(tx),
  ]);
  const bare = await database.owner.query<{ id: string }>(text.sql, [...text.parameters]);
  const ids = sorted(behind.rows.map(({ id }) => id));
  assert.deepEqual(sorted(bare.rows.map(({ id }) => id)), ids, `the condition alone, for ${JSON.stringify(who)}`);
  return ids;
}

async function check(model: readonly Model[], who: Actor): Promise<void> {
  const now = new Date();
  const seen: string[] = [];
  for (const owner of organisations) {
    const bySql = await found(who, visibleTo(who, owner));
    const own = studies.filter((study) => study.owner === owner);
    const inMemory = own.filter(({ id }) => {
      const grants = model.filter((grant) => grant.owner === owner && grant.studies.includes(id));
      return mayView(who, { study: id, owner, grants }, now).allowed;
    });
    assert.deepEqual(bySql, sorted(inMemory.map(({ id }) => id)), `${JSON.stringify(who)} at ${owner}`);
    const read: string[] = [];
    for (const { id } of own) {
      const subjects =
        who.kind === "link" ? [who.id] : who.kind === "person" ? [who.organisation, who.id] : [who.organisation];
      const facts = await database.read(scopeOf(who), (tx) => studyFacts(tx, owner, id, subjects));
      if (mayView(who, facts, now).allowed) read.push(id);
    }
    assert.deepEqual(sorted(read), bySql, "facts as the door reads them");
    elsewhere += model.filter(
      (grant) =>
        grant.owner === owner &&
        who.kind === "person" &&
        grant.subject === who.id &&
        grant.workplace !== who.organisation,
    ).length;
    seen.push(...bySql);
    if (owner !== who.organisation) shown += bySql.length;
  }
  const across = await found(who, visibleAcross(who, "all"));
  if (who.kind !== "link") assert.deepEqual(across, sorted(seen), "the list over all owners");
}

test("mayView and the SQL of every search give the same studies over random histories", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.array(someone, { minLength: 1, maxLength: 6 }),
      async (steps, whos) => {
        const model = await play(steps);
        for (const who of whos) await check(model, actorOf(who));
      },
    ),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000 },
  );
  assert.ok(shown >= 10, `only ${shown} studies were seen by a grant`);
  assert.ok(elsewhere >= 10, `only ${elsewhere} grants named somebody who works elsewhere`);
});

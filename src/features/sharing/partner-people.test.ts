import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import type { AccessList, ShareVerdict } from "#contract/sharing.ts";
import { systemActor } from "#features/audit/actor.ts";
import { recordAgreement } from "#features/sharing/agreement-actions.ts";
import { testDatabase } from "../../../test/support/database.ts";
import { anOrganisation } from "../../../test/support/people.ts";
import { aColleague, aStudy, sharingHouse } from "../../../test/support/sharing.ts";

/** An agreement is one party's paper: recording one must not tell who works for the other. */
const database = await testDatabase();
const house = await sharingHouse(database);
const { world } = house;
const DAY_MS = 86_400_000;

const agree = (owner: string, partner: string) =>
  recordAgreement(world, systemActor(owner, "test"), {
    ...{ partner, kind: "joint-care", purposes: ["care"], reference: "", countries: [] },
    ...{ from: new Date(Date.now() - DAY_MS).toISOString(), until: new Date(Date.now() + 30 * DAY_MS).toISOString() },
  });

async function addressOf({ id }: { id: string }): Promise<string> {
  const { rows } = await database.owner.query<{ email: string }>("select email from person where id = $1", [id]);
  return rows[0]?.email ?? "";
}

async function sharing(partners: number) {
  const clinic = await anOrganisation(world);
  const houses: string[] = [];
  for (let at = 0; at < partners; at++) houses.push(await anOrganisation(world));
  const agreements = await Promise.all(houses.map((partner) => agree(clinic, partner)));
  const radiologist = await aColleague(world, clinic, ["radiologist"]);
  const study = await aStudy(world, clinic);
  const desk = house.as(radiologist);
  const at = `/api/studies/${clinic}/${study.id}`;
  return {
    ...{ clinic, houses, study, radiologist, agreement: agreements[0]?.id ?? "" },
    ask: (what: object, verdict = true) =>
      desk.post(`${at}/share${verdict ? "/verdict" : ""}`, {
        purpose: "care",
        rights: ["view"],
        expiresInDays: 60,
        ...what,
      }),
    listed: async () => (await desk.get(`${at}/access`)).json<z.infer<typeof AccessList>>().access,
  };
}

const ADDRESS = /[\w-]+@example\.org/g;
const GRANT = /[0-9a-f]{8}-[0-9a-f-]{27}/g;

test("known and unknown addresses of a partner are judged, shared and listed alike, and no name is told", async () => {
  const { houses, agreement, ask, listed } = await sharing(1);
  const known = await aColleague(world, houses[0] ?? "", ["radiologist"]);
  const addresses = [await addressOf(known), "nobody-at-all@example.org"];
  const bases = [{ kind: "own-care" }, { kind: "agreement", id: agreement }, undefined];
  for (const basis of bases) {
    const heard: string[] = [];
    for (const email of addresses)
      for (const verdict of [true, false]) {
        const answer = await ask({ subject: { kind: "person", email }, ...(basis && { basis }) }, verdict);
        assert.equal(answer.statusCode, verdict ? 200 : basis ? 201 : 409, answer.body);
        assert.doesNotMatch(answer.body, /Colleague/);
        heard.push(
          answer.body
            .replaceAll(ADDRESS, "(address)")
            .replaceAll(GRANT, "(id)")
            .replace(/"request":"[^"]*"/, ""),
        );
      }
    assert.deepEqual(heard.slice(0, 2), heard.slice(2));
  }
  const rows = await listed();
  assert.deepEqual([...new Set(rows.map(({ name }) => name))].sort(), [...addresses].sort());
  const [one, other] = addresses.map((address) =>
    rows.filter(({ name }) => name === address).map((row) => ({ ...row, grant: "", name: "", madeAt: "" })),
  );
  assert.deepEqual(one, other);
});

test("who has the address finds what was shared with it; nobody else does", async () => {
  const { clinic, houses, study, ask } = await sharing(1);
  const partner = houses[0] ?? "";
  const [known, bystander] = [
    await aColleague(world, partner, ["auditor"]),
    await aColleague(world, partner, ["auditor"]),
  ];
  const see = async (who: typeof known) => (await house.gate.verdict("view", who, clinic, study.uid)).allowed;
  for (const email of ["nobody-else@example.org", await addressOf(known)])
    assert.equal(
      (await ask({ subject: { kind: "person", email }, basis: { kind: "own-care" } }, false)).statusCode,
      201,
    );
  assert.deepEqual([await see(known), await see(bystander)], [true, false]);
});

test("without an agreement no address of another house is taken, known or not; a colleague's is, by name", async () => {
  const { clinic, ask } = await sharing(0);
  const stranger = await aColleague(world, await anOrganisation(world), ["radiologist"]);
  const colleague = await aColleague(world, clinic, ["referrer"]);
  const answers = [];
  for (const email of [await addressOf(stranger), "nobody-there@example.org"]) {
    const answer = await ask({ subject: { kind: "person", email }, basis: { kind: "own-care" } });
    assert.equal(answer.statusCode, 400);
    answers.push(answer.body.replace(/"request":"[^"]*"/, ""));
  }
  assert.equal(answers[0], answers[1]);
  const own = await ask({
    subject: { kind: "person", email: await addressOf(colleague) },
    basis: { kind: "own-care" },
  });
  const judged = own.json<ShareVerdict>();
  assert.equal(judged.verdict.because, "own-care");
  assert.match(judged.sentences[0]?.values["recipient"] ?? "", /^Colleague/);
});

test("of several partners the agreement or the proposal says which one an address belongs to", async () => {
  const { clinic, houses, study, agreement, ask } = await sharing(2);
  const [here, there] = houses;
  const reader = await aColleague(world, there ?? "", ["radiologist"]);
  const email = await addressOf(reader);
  const because = async (what: object) => (await ask(what)).json<ShareVerdict>().verdict.because;
  const own = { basis: { kind: "own-care" } };
  assert.equal(await because({ subject: { kind: "person", email }, ...own }), "workplace-unclear");
  assert.equal(await because({ subject: { kind: "person", email, organisation: there }, ...own }), "own-care");
  assert.equal(
    await because({ subject: { kind: "person", email }, basis: { kind: "agreement", id: agreement } }),
    "agreement",
  );
  const see = async () => (await house.gate.verdict("view", reader, clinic, study.uid)).allowed;
  for (const [organisation, sees] of [
    [here, false],
    [there, true],
  ] as const) {
    const shared = await ask({ subject: { kind: "person", email, organisation }, ...own }, false);
    assert.equal(shared.statusCode, 201, "alike, whether they work there or not");
    assert.equal(await see(), sees);
  }
});

test("a legal order is no way for the desk to share with whom no agreement is; the privacy officer answers for it", async () => {
  const { clinic, study, ask } = await sharing(0);
  const other = await anOrganisation(world);
  const order = {
    ...{ subject: { kind: "organisation", id: other }, purpose: "care", rights: ["view"] },
    basis: { kind: "legal-order", note: "x".repeat(20) },
  };
  assert.equal((await ask(order)).json<ShareVerdict>().verdict.because, "order-not-yours");
  assert.equal((await ask(order, false)).statusCode, 409);
  const officer = house.as(await aColleague(world, clinic, ["privacy-officer"], "audit"));
  assert.equal((await officer.post(`/api/studies/${clinic}/${study.id}/share`, order)).statusCode, 201);
});

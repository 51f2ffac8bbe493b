import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { Purpose, Role } from "#contract/words.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import { giveRole } from "#features/people/person-queries.ts";
import { revokeGrant, shareStudy } from "#features/sharing/actions.ts";
import { AccessHouse, type Staff } from "../support/access-house.ts";
import type { TestStudy } from "../support/sharing.ts";
import { ask } from "./ask.ts";

/** Live updates name studies: each goes to whoever may view that study at that moment, and to nobody else. */
let house: AccessHouse;
let clinic: string;
let readers: string;
let radiologist: Staff;
let agreement: string;

before(async () => {
  house = await AccessHouse.open();
  clinic = await house.organisation("Telling Clinic");
  readers = await house.organisation("Reading Group");
  radiologist = await house.person(clinic, ["radiologist"]);
  ({ id: agreement } = await house.agreement(clinic, readers, ["care"]));
});
after(() => house.close());

/** A page that listens; `studies` is what it has heard of by the time that everything said so far has reached it. */
async function listen(who: Staff, headers: Record<string, string> = {}) {
  const cookie = await house.signedIn(who);
  const answer = await fetch(`${house.url}/api/events`, {
    headers: { cookie, accept: "text/event-stream", ...headers },
  });
  assert.equal(answer.status, 200);
  const heard = { text: "" };
  void (async () => {
    for await (const part of answer.body ?? []) heard.text += Buffer.from(part).toString();
  })().catch(() => undefined);
  const marks = () => heard.text.split("event: epoch").length;
  const studies = async (): Promise<string[]> => {
    const before = marks();
    await house.node.database.transaction({ organisation: who.organisation, person: null }, (tx) =>
      bumpEpochs(tx, [who.id]),
    );
    for (let turn = 0; marks() === before; turn++) {
      assert.ok(turn < 600, "the page no longer hears anything");
      await delay(20);
    }
    const found = [...heard.text.matchAll(/event: study\ndata: (.*)\n/g)].map(
      ([, data = ""]) => (JSON.parse(data) as { id: string }).id,
    );
    heard.text = "";
    return [...new Set(found)];
  };
  return { studies };
}

/** Somebody works on the study: its report is drafted. */
async function draft({ id }: TestStudy): Promise<void> {
  const cookie = await house.signedIn(radiologist);
  const path = `/api/studies/${clinic}/${id}/report`;
  const kept = await ask(house.url, { cookie, origin: house.url }, { method: "GET", path });
  const { version = 0 } = (JSON.parse(kept.body.toString()) ?? {}) as { version?: number };
  const body = JSON.stringify({ indication: "", comparison: "", findings: "New.", impression: "", base: version });
  const saved = await ask(house.url, { cookie, origin: house.url }, { method: "PUT", path, body });
  assert.equal(saved.status, 200, saved.body.toString());
}

test("of a study that arrives or is written on hears who may view it by their role, and nobody else of the house", async () => {
  const people: [Role, Purpose, boolean][] = [
    ["radiologist", "care", true],
    ["radiographer", "care", true],
    ["administrator", "care", false],
    ["referrer", "care", false],
    ["privacy-officer", "audit", false],
    ["auditor", "audit", false],
  ];
  const pages = await Promise.all(
    people.map(async ([role, purpose, hears]) => ({
      role,
      hears,
      page: await listen(await house.person(clinic, [role], purpose)),
    })),
  );
  const study = await house.study(clinic);
  await draft(study);
  for (const { role, hears, page } of pages) assert.deepEqual(await page.studies(), hears ? [study.id] : [], role);
});

test("by a grant hears whom it names, while it stands and they work where it says", async () => {
  const [given, kept] = [await house.study(clinic), await house.study(clinic)];
  const referrer = await house.person(clinic, ["referrer"]);
  const named = await house.person(readers, ["administrator"]);
  const grants: string[] = [];
  for (const [subject, basis] of [
    [
      { kind: "organisation", id: readers },
      { kind: "agreement", id: agreement },
    ],
    [
      { kind: "person", email: named.email },
      { kind: "agreement", id: agreement },
    ],
    [{ kind: "person", email: referrer.email }, { kind: "own-care" }],
  ] as const) {
    const shared = await shareStudy(house.node, radiologist, {
      ...{ owner: clinic, study: given.id, subject, purpose: "care", basis, rights: ["view"] },
    });
    grants.push(shared.grant);
  }
  const elsewhere = await house.organisation("Another House");
  await house.node.database.transaction({ organisation: elsewhere, person: named.id }, async (tx) => {
    await giveRole(tx, elsewhere, named.id, "radiologist");
    await bumpEpochs(tx, [elsewhere, named.id]);
  });
  const hearing = {
    "a reader of the partner": await listen(await house.person(readers, ["radiologist"])),
    "the one who is named": await listen(named),
    "the clinic's referrer": await listen(referrer),
  };
  const deaf = {
    "an administrator of the partner": await listen(await house.person(readers, ["administrator"])),
    "the one who is named, working elsewhere": await listen({ ...named, organisation: elsewhere }),
    "another referrer": await listen(await house.person(clinic, ["referrer"])),
  };
  const work = async () => {
    for (const study of [given, kept]) await draft(study);
  };
  await work();
  for (const [who, page] of Object.entries(hearing)) assert.deepEqual(await page.studies(), [given.id], who);
  for (const [who, page] of Object.entries(deaf)) assert.deepEqual(await page.studies(), [], who);
  for (const id of grants) await revokeGrant(house.node, radiologist, { id });
  await work();
  for (const [who, page] of Object.entries({ ...hearing, ...deaf })) assert.deepEqual(await page.studies(), [], who);
});

test("the facts of a study are read once an actor, however much happens to it, and anew when a right has changed", async (t) => {
  const study = await house.study(clinic);
  const referrer = await house.person(clinic, ["referrer"]);
  const query = t.mock.method(pg.Client.prototype, "query");
  const read = () =>
    query.mock.calls.filter(({ arguments: [asked] }) => JSON.stringify(asked).includes("join access_grant")).length;
  const { gate } = house.node;
  const all = await Promise.all(Array.from({ length: 50 }, () => gate.mayHear(referrer, clinic, study.id)));
  const first = read();
  for (let turn = 0; turn < 50; turn++) all.push(await gate.mayHear(referrer, clinic, study.id));
  assert.ok(first > 0);
  assert.equal(read(), first);
  assert.ok(!all.includes(true));
  await shareStudy(house.node, radiologist, {
    ...{ owner: clinic, study: study.id, subject: { kind: "person", email: referrer.email }, purpose: "care" },
    ...{ basis: { kind: "own-care" }, rights: ["view"] },
  });
  assert.equal(await gate.mayHear(referrer, clinic, study.id), true);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { FastifyRequest } from "fastify";
import { testDatabase } from "../../../../test/support/database.ts";
import {
  anOrganisation,
  aPerson,
  enrol,
  ORIGIN,
  PASSWORD,
  type PeopleHouse,
  peopleHouse,
  TestBrowser,
} from "../../../../test/support/people.ts";

const database = await testDatabase();
const house = peopleHouse(database);
const { app, world } = house;
house.app.get("/who", async (request: FastifyRequest, reply) => reply.send({ who: await house.authenticate(request) }));
house.app.post("/who", async (request: FastifyRequest, reply) =>
  reply.send({ who: await house.authenticate(request) }),
);
const clinic = await anOrganisation(world);

const who = async (browser: TestBrowser) => (await browser.get("/who")).json<{ who: { id: string } | null }>().who;

test("a password without an enrolled second factor leads to enrolment and opens nothing else", async () => {
  const person = await aPerson(house, clinic);
  const browser = new TestBrowser(app);
  const answer = await browser.post("/api/auth/sign-in/email", { email: person.email, password: PASSWORD });
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(answer.json(), { user: { twoFactorEnabled: false } });
  assert.equal(await who(browser), null);
  for (const path of ["generate-register-options", "list-user-passkeys"]) {
    assert.equal((await browser.get(`/api/auth/passkey/${path}`)).statusCode, 401, path);
  }
});

test("password, enrolment and the first code sign in", async () => {
  const person = await aPerson(house, clinic);
  const { browser } = await enrol(house, person);
  const actor = await who(browser);
  assert.equal(actor?.id, person.id);
  assert.deepEqual([...browser.cookies.keys()], ["safelight"]);
});

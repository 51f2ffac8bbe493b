import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { z } from "zod";
import type { CreatedDevice, DeviceRow, PersonRow, Session } from "#contract/people.ts";
import type { Role } from "#contract/words.ts";
import { systemActor } from "#features/audit/actor.ts";
import { Setup } from "#features/people/joining/setup.ts";
import { resetByOperator } from "#features/people/person-actions.ts";
import { giveRole } from "#features/people/person-queries.ts";
import { Hidden } from "#kit/hidden.ts";
import { createAuthority, issueCertificate } from "#platform/dicom/certificates.ts";
import { testDatabase } from "../../../test/support/database.ts";
import { lettersIn } from "../../../test/support/letters.ts";
import {
  anOrganisation,
  aPerson,
  enrol,
  ORIGIN,
  PASSWORD,
  peopleHouse,
  TestBrowser,
  type TestPerson,
} from "../../../test/support/people.ts";
import { addPeopleHttp } from "./http.ts";

const database = await testDatabase();
const house = peopleHouse(database, { routes: false });
const { app, world, signin } = house;
const setup = new Setup(signin, () => new Hidden("RECOVERY-KEY"));
const authority = await createAuthority({ name: "Test authority", now: new Date() });

before(() => {
  addPeopleHttp(app, {
    ...{ world, signin, setup, demo: false },
    authenticate: house.authenticate,
    publicUrl: () => ORIGIN,
    authority: {
      authority: authority.cert,
      issueForDevice: ({ aeTitle }) =>
        issueCertificate({ authority, commonName: aeTitle, usage: "both", days: 30, now: new Date() }),
    },
  });
});

type In = { browser: TestBrowser; person: TestPerson; organisation: string };
async function signedIn(role: Role = "administrator", organisation?: string): Promise<In> {
  const place = organisation ?? (await anOrganisation(world));
  const person = await aPerson(house, place, role);
  return { ...(await enrol(house, person)), person, organisation: place };
}
const mailTo = async (email: string): Promise<string> =>
  (await lettersIn(world)).findLast(({ to }) => to === email)?.body ?? "";
const secretIn = (text: string): string => /#(sl_\w+_[A-Za-z0-9_-]+)/.exec(text)?.[1] ?? "";
const actions = async (organisation: string) =>
  (
    await database.owner.query<{ action: string; outcome: string }>(
      "select action, outcome from ledger_entry where organisation = $1 order by id",
      [organisation],
    )
  ).rows.map(({ action, outcome }) => `${action} ${outcome}`);

const noted = async (organisation: string) =>
  (await database.owner.query("select subject, body from ledger_entry where organisation = $1", [organisation])).rows;

test("first start: the link sets up organisation, administrator and recovery key, and is dead after that", async () => {
  const secret = (await setup.offer())?.reveal() ?? "";
  const browser = new TestBrowser(app);
  assert.deepEqual((await browser.get("/api/setup")).json(), { state: "open" });
  const email = "first@example.org";
  const input = {
    secret,
    organisation: "First Clinic",
    jurisdiction: "ZA",
    email,
    displayName: "Ada",
    password: PASSWORD,
  };
  assert.equal(
    (await browser.post("/api/setup/begin", { ...input, secret: `${secret.slice(0, -1)}x` })).statusCode,
    404,
  );
  assert.deepEqual((await browser.post("/api/setup/begin", input)).json(), { recoveryKey: "RECOVERY-KEY" });
  assert.deepEqual((await browser.get("/api/setup")).json(), { state: "recovery-key" });
  assert.equal((await browser.post("/api/setup/begin", { ...input, email: "second@example.org" })).statusCode, 409);
  const again = (await setup.offer())?.reveal() ?? "";
  assert.equal((await browser.post("/api/setup/recovery", { secret })).statusCode, 404, "one link at a time");
  assert.deepEqual((await browser.post("/api/setup/recovery", { secret: again })).json(), {
    recoveryKey: "RECOVERY-KEY",
  });
  assert.equal((await browser.post("/api/setup/finish", { secret: again, recoveryKeySaved: false })).statusCode, 400);
  assert.deepEqual((await browser.post("/api/setup/finish", { secret: again, recoveryKeySaved: true })).json(), {
    state: "done",
  });
  for (const path of ["recovery", "finish"])
    assert.equal((await browser.post(`/api/setup/${path}`, { secret: again, recoveryKeySaved: true })).statusCode, 404);
  assert.equal(await setup.offer(), null);
  assert.equal((await browser.get("/api/session")).statusCode, 401, "set up, and in nowhere without a second factor");
  const alone = new TestBrowser(app);
  const half = await alone.post("/api/auth/sign-in/email", { email, password: PASSWORD });
  assert.deepEqual(half.json(), { user: { twoFactorEnabled: false } });
  for (const path of ["session", "people", "tokens", "organisation"])
    assert.equal((await alone.get(`/api/${path}`)).statusCode, 401, path);
  await enrol(house, { email, id: "", user: "", organisation: "" }, browser);
  const session = (await browser.get("/api/session")).json<Session>();
  assert.equal(session.organisation.name, "First Clinic");
  assert.deepEqual(session.roles, ["administrator"]);
});

test("set-up answers only this machine or TLS, and only its own page", async () => {
  const far = await app.inject({
    method: "POST",
    url: "/api/setup/begin",
    remoteAddress: "192.0.2.7",
    headers: { host: "localhost:8080", origin: ORIGIN },
    payload: {},
  });
  assert.equal(far.statusCode, 404);
  const other = await app.inject({
    method: "POST",
    url: "/api/setup/begin",
    headers: { host: "localhost:8080", origin: "https://evil.example" },
    payload: {},
  });
  assert.equal(other.statusCode, 403);
});

test("without a session every route of people answers 401", async () => {
  const stranger = new TestBrowser(app);
  const routes = [
    "GET /api/session",
    "POST /api/session/organisation",
    "GET /api/people",
    "POST /api/people",
    "PUT /api/people/x/roles",
    "DELETE /api/people/x",
    "POST /api/people/x/reset",
    "GET /api/devices",
    "POST /api/devices",
    "DELETE /api/devices/x",
    "GET /api/tokens",
    "POST /api/tokens",
    "DELETE /api/tokens/x",
    "GET /api/organisation",
    "PUT /api/organisation",
  ];
  for (const route of routes) {
    const [method = "", url = ""] = route.split(" ");
    assert.equal((await stranger.ask(method as "GET", url, method === "GET" ? undefined : {})).statusCode, 401, route);
  }
});

test("whoever is no administrator is refused, and the refusal of a change is on the record", async () => {
  const { browser, organisation } = await signedIn("radiologist");
  for (const path of ["people", "devices", "tokens", "organisation"])
    assert.equal((await browser.get(`/api/${path}`)).statusCode, 403, path);
  const invited = await browser.post("/api/people", { email: "x@example.org", displayName: "X", role: "auditor" });
  assert.equal(invited.statusCode, 403);
  assert.equal((await browser.post("/api/tokens", { name: "x", scopes: ["admin"] })).statusCode, 403);
  const record = await actions(organisation);
  assert.ok(record.includes("person.invite refused") && record.includes("token.create refused"));
});

test("the session says who, where, as what and what they find; switching to another organisation changes it", async () => {
  const { browser, person, organisation } = await signedIn("radiologist");
  const other = await anOrganisation(world);
  const session = (await browser.get("/api/session")).json<Session>();
  assert.equal(session.person.id, person.id);
  assert.deepEqual(
    [session.factor, session.purpose, session.idleMinutes, session.demo],
    ["password+totp", "care", 15, false],
  );
  assert.deepEqual(session.can, { administer: false, share: true, report: true, upload: true, audit: false });
  assert.equal((await browser.post("/api/session/organisation", { organisation: other })).statusCode, 404);
  await join(person.id, other, "auditor");
  const switched = (await browser.post("/api/session/organisation", { organisation: other })).json<Session>();
  assert.equal(switched.organisation.id, other);
  assert.deepEqual([switched.roles, switched.purpose, switched.can.audit], [["auditor"], "audit", true]);
  assert.equal((await browser.get("/api/session")).json<Session>().organisation.id, other);
  assert.equal(
    (await browser.post("/api/session/organisation", { organisation })).json<Session>().organisation.id,
    organisation,
  );
});

async function join(person: string, organisation: string, role: Role): Promise<void> {
  const { bumpEpochs } = await import("#features/keys/epochs.ts");
  await database.transaction({ organisation, person: null }, async (tx) => {
    await giveRole(tx, organisation, person, role);
    await bumpEpochs(tx, [person, organisation]);
  });
}

test("an invitation by mail leads from its link to a second factor; it works once and nobody else's secret opens it", async () => {
  const { browser, organisation } = await signedIn();
  const email = `invited-${process.pid}@example.org`;
  const row = (
    await browser.post("/api/people", { email, displayName: "Grace", role: "radiologist" })
  ).json<PersonRow>();
  assert.deepEqual([row.status, row.roles, row.lastSeenAt], ["invited", ["radiologist"], null]);
  const secret = secretIn(await mailTo(email));
  const guest = new TestBrowser(app);
  const card = (await guest.post("/api/invitation/look", { secret })).json<{ email: string; role: string }>();
  assert.deepEqual([card.email, card.role], [email, "radiologist"]);
  assert.equal((await guest.post("/api/invitation/look", { secret: `${secret.slice(0, -3)}AAA` })).statusCode, 404);
  assert.equal((await guest.post("/api/invitation/accept", { secret, password: "short" })).statusCode, 400);
  const accepted = await guest.post("/api/invitation/accept", { secret, password: PASSWORD });
  assert.deepEqual(accepted.json(), { user: { twoFactorEnabled: false } });
  assert.equal((await guest.get("/api/session")).statusCode, 401);
  await enrol(house, { email, id: "", user: "", organisation }, guest);
  assert.equal((await guest.get("/api/session")).json<Session>().person.displayName, "Grace");
  assert.equal((await guest.post("/api/invitation/accept", { secret, password: PASSWORD })).statusCode, 404);
  const people = (await browser.get("/api/people")).json<PersonRow[]>();
  const joined = people.find((person) => person.email === email);
  assert.equal(joined?.status, "active");
  assert.notEqual(joined.id, row.id, "the invitation said nothing of who they are");
});

test("several browsers take up one invitation at once: one joins, the others hear that it is closed, and nobody gets an error", async () => {
  const { browser } = await signedIn();
  const email = `raced-${process.pid}@example.org`;
  await browser.post("/api/people", { email, displayName: "R", role: "referrer" });
  const secret = secretIn(await mailTo(email));
  const passwords = ["password number 1", "password number 2", "password number 3", "password number 4"];
  const answers = await Promise.all(
    passwords.map((password) => new TestBrowser(app).post("/api/invitation/accept", { secret, password })),
  );
  const codes = answers.map(({ statusCode }) => statusCode).sort();
  assert.equal(codes[0], 200, codes.join());
  for (const code of codes.slice(1)) assert.ok(code === 404 || code === 401, codes.join());
  const winner = passwords[answers.findIndex(({ statusCode }) => statusCode === 200)];
  const signIn = await new TestBrowser(app).post("/api/auth/sign-in/email", { email, password: winner });
  assert.deepEqual(signIn.json(), { user: { twoFactorEnabled: false } }, "whoever joined has what they chose");
});

test("what somebody is called is what they accepted or say themselves; another inviter's word stays out, and changes are on every record", async () => {
  const [first, second] = [await signedIn(), await signedIn()];
  const email = `named-${process.pid}@example.org`;
  await first.browser.post("/api/people", { email, displayName: "Mickey Mouse", role: "referrer" });
  const old = secretIn(await mailTo(email));
  await second.browser.post("/api/people", { email, displayName: "Dr Real", role: "radiologist" });
  const guest = new TestBrowser(app);
  await guest.post("/api/invitation/accept", { secret: secretIn(await mailTo(email)), password: PASSWORD });
  const { phone } = await enrol(house, { email, id: "", user: "", organisation: "" }, guest);
  const called = async () => (await guest.get("/api/session")).json<Session>().person.displayName;
  assert.equal(await called(), "Dr Real");

  await guest.post("/api/invitation/accept", { secret: old, password: PASSWORD, displayName: "Goofy" });
  assert.equal((await guest.post("/api/auth/two-factor/verify-totp", { code: await phone.code() })).statusCode, 200);
  assert.equal(await called(), "Dr Real", "who has an account keeps their name");
  for (const displayName of ["", "two\nlines", "right to \u202eleft", "see https://evil.example", "x".repeat(121)])
    assert.equal((await guest.ask("PUT", "/api/account/name", { displayName })).statusCode, 400, displayName);
  assert.equal((await guest.ask("PUT", "/api/account/name", { displayName: " Dr Ada Real " })).statusCode, 200);
  assert.equal(await called(), "Dr Ada Real");
  for (const { browser, organisation } of [first, second]) {
    assert.ok((await actions(organisation)).includes("person.rename done"));
    assert.match((await browser.get("/api/people")).body, /Dr Ada Real/);
  }

  const third = `self-named-${process.pid}@example.org`;
  await first.browser.post("/api/people", { email: third, displayName: "Somebody", role: "referrer" });
  const secret = secretIn(await mailTo(third));
  await new TestBrowser(app).post("/api/invitation/accept", { secret, password: PASSWORD, displayName: "Grace" });
  assert.match((await first.browser.get("/api/people")).body, /"Grace"/);
});

test("names are one line, and one address is written to a few times an hour", async () => {
  const { browser } = await signedIn();
  const email = `often-${process.pid}@example.org`;
  const invite = (displayName: string) => browser.post("/api/people", { email, displayName, role: "referrer" });
  for (const name of ["Dear customer,\n\nunlock it", "a\u0000b", "Bank\r\nBcc: all", "at http://evil.example"])
    assert.equal((await invite(name)).statusCode, 400, JSON.stringify(name));
  const settings = (await browser.get("/api/organisation")).json<Record<string, unknown>>();
  const renamed = await browser.ask("PUT", "/api/organisation", { ...settings, name: "Bank\r\nBcc: all@x.example" });
  assert.equal(renamed.statusCode, 400);
  const statuses: number[] = [];
  for (let n = 0; n < 8; n++) statuses.push((await invite("D’Arcy-Ünlü 李 (locum)")).statusCode);
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429, 429]);
  assert.equal((await lettersIn(world)).filter(({ to }) => to === email).length, 5);
});

test("a newer invitation, a withdrawal and time end an invitation", async () => {
  const { browser, organisation } = await signedIn();
  const email = `again-${process.pid}@example.org`;
  const invite = async () => {
    const { id } = (await browser.post("/api/people", { email, displayName: "G", role: "referrer" })).json<PersonRow>();
    return { id, secret: secretIn(await mailTo(email)) };
  };
  const look = async (secret: string) =>
    (await new TestBrowser(app).post("/api/invitation/look", { secret })).statusCode;
  const first = await invite();
  const second = await invite();
  assert.deepEqual([await look(first.secret), await look(second.secret)], [404, 200]);
  assert.equal((await browser.ask("DELETE", `/api/people/${second.id}`)).statusCode, 200);
  assert.equal(await look(second.secret), 404);
  const third = await invite();
  await database.owner.query("update invitation set expires_at = now() where organisation = $1", [organisation]);
  assert.equal(await look(third.secret), 404);
});

test("somebody with an account joins a second organisation by their own password, not by a new one", async () => {
  const { person } = await signedIn("radiologist");
  const { browser, organisation } = await signedIn();
  const invited = { email: person.email, displayName: "Ignored", role: "referrer" };
  const told = (await browser.post("/api/people", invited)).body + (await browser.get("/api/people")).body;
  assert.ok(!told.includes(person.id), "whether somebody has an account elsewhere does not show");
  assert.ok(!JSON.stringify(await noted(organisation)).includes(person.id), "nor on the record");
  const secret = secretIn(await mailTo(person.email));
  const guest = new TestBrowser(app);
  assert.equal(
    (await guest.post("/api/invitation/accept", { secret, password: "another password 1" })).statusCode,
    401,
  );
  assert.deepEqual((await guest.post("/api/invitation/accept", { secret, password: PASSWORD })).json(), {
    twoFactorRedirect: true,
  });
  const { rows } = await database.owner.query<{ organisation: string }>(
    "select organisation from membership where person = $1",
    [person.id],
  );
  assert.ok(rows.some((row) => row.organisation === organisation) && rows.length === 2);
});

test("an invitation is no way around the limit of wrong passwords", async () => {
  const { person } = await signedIn("radiologist");
  const { browser } = await signedIn();
  await browser.post("/api/people", { email: person.email, displayName: "x", role: "referrer" });
  const secret = secretIn(await mailTo(person.email));
  const guest = new TestBrowser(app);
  const statuses: number[] = [];
  for (let round = 0; round < 11; round++)
    statuses.push(
      (await guest.post("/api/invitation/accept", { secret, password: `wrong password ${round}` })).statusCode,
    );
  assert.deepEqual(statuses, [...Array<number>(10).fill(401), 429]);
  assert.equal(
    (await guest.post("/api/auth/sign-in/email", { email: person.email, password: PASSWORD })).statusCode,
    429,
  );
});

test("roles and dismissal hold at the next request; the last administrator cannot be lost", async () => {
  const { browser, person: admin, organisation } = await signedIn();
  const { browser: other, person } = await signedIn("radiologist", organisation);
  const put = (id: string, roles: Role[]) => browser.ask("PUT", `/api/people/${id}/roles`, { roles });
  assert.deepEqual((await put(person.id, ["referrer", "auditor"])).json<PersonRow>().roles, ["auditor", "referrer"]);
  assert.deepEqual((await other.get("/api/session")).json<Session>().roles, ["auditor", "referrer"]);
  assert.equal((await put(admin.id, ["radiologist"])).statusCode, 409);
  assert.equal((await browser.ask("DELETE", `/api/people/${admin.id}`)).statusCode, 409);
  assert.equal((await put("01890000-0000-7000-8000-000000000000", ["auditor"])).statusCode, 404);
  assert.equal((await browser.ask("DELETE", `/api/people/${person.id}`)).statusCode, 200);
  assert.equal((await other.get("/api/session")).statusCode, 401);
  const people = (await browser.get("/api/people")).json<PersonRow[]>();
  assert.equal(people.find(({ id }) => id === person.id)?.status, "dismissed");
  assert.equal(
    (await new TestBrowser(app).post("/api/auth/sign-in/email", { email: person.email, password: PASSWORD }))
      .statusCode,
    200,
    "the password is asked for its second factor as before",
  );
});

test("a dismissed person with the right code is let in nowhere", async () => {
  const { browser, organisation } = await signedIn();
  const person = await aPerson(house, organisation, "referrer");
  const { phone } = await enrol(house, person);
  await browser.ask("DELETE", `/api/people/${person.id}`);
  const late = new TestBrowser(app);
  await late.post("/api/auth/sign-in/email", { email: person.email, password: PASSWORD });
  assert.equal((await late.post("/api/auth/two-factor/verify-totp", { code: await phone.code() })).statusCode, 401);
  assert.equal((await late.get("/api/session")).statusCode, 401);
});

test("a reset by a second administrator takes password, second factor and sessions away and invites anew", async () => {
  const { browser, person: admin, organisation } = await signedIn();
  const { browser: other, person } = await signedIn("radiologist", organisation);
  assert.equal((await browser.post(`/api/people/${admin.id}/reset`)).statusCode, 403, "not for oneself");
  assert.equal((await browser.post(`/api/people/${person.id}/reset`)).statusCode, 200);
  assert.equal((await other.get("/api/session")).statusCode, 401);
  assert.equal(
    (await other.post("/api/auth/sign-in/email", { email: person.email, password: PASSWORD })).statusCode,
    401,
  );
  const mail = await mailTo(person.email);
  assert.match(mail, /has reset your password/);
  const guest = new TestBrowser(app);
  await guest.post("/api/invitation/accept", { secret: secretIn(mail), password: PASSWORD });
  await enrol(house, person, guest);
  assert.equal((await guest.get("/api/session")).json<Session>().person.id, person.id);
});

test("who works for two organisations keeps their sign-in: one of them ends its own membership and sessions, and resets nothing", async () => {
  const { browser: admin, organisation } = await signedIn();
  const { browser: here, person, organisation: other } = await signedIn("radiologist");
  await join(person.id, organisation, "referrer");
  const there = new TestBrowser(app);
  const session = await signin.accounts.openSession(person.user);
  there.cookies.set("safelight", (await signin.sessions.prove(session.id, "passkey", organisation)).reveal());
  const placeOf = async (browser: TestBrowser) => {
    const answer = await browser.get("/api/session");
    return answer.statusCode === 200 ? answer.json<Session>().organisation.id : answer.statusCode;
  };
  assert.deepEqual([await placeOf(here), await placeOf(there)], [other, organisation]);

  const refused = await admin.post(`/api/people/${person.id}/reset`);
  assert.deepEqual([refused.statusCode, refused.json<{ place: string }>().place], [409, "elsewhere"]);
  assert.match(refused.json<{ message: string }>().message, /safelight admin user reset/);
  assert.deepEqual([await placeOf(here), await placeOf(there)], [other, organisation]);
  assert.ok((await actions(organisation)).includes("person.reset refused"));

  assert.equal((await admin.ask("DELETE", `/api/people/${person.id}`)).statusCode, 200);
  assert.deepEqual([await placeOf(here), await placeOf(there)], [other, 401]);
  assert.equal((await admin.post(`/api/people/${person.id}/reset`)).statusCode, 404);
});

test("a session ends with the membership it works for, and goes on nowhere else", async () => {
  const { browser: admin, organisation } = await signedIn();
  const { browser, person } = await signedIn("radiologist", organisation);
  await join(person.id, await anOrganisation(world), "administrator");
  assert.equal((await admin.ask("PUT", `/api/people/${person.id}/roles`, { roles: [] })).statusCode, 200);
  assert.equal((await browser.get("/api/session")).statusCode, 401);
});

test("the operator resets whoever works for several organisations: all have it on their record, and the person hears of it", async () => {
  const { browser, person, organisation } = await signedIn("radiologist");
  const other = await anOrganisation(world);
  await join(person.id, other, "referrer");
  const { user } = await resetByOperator(world, systemActor(organisation, "shell"), {
    id: person.id,
    publicUrl: ORIGIN,
  });
  await signin.accounts.remove(user ?? "");
  assert.equal((await browser.get("/api/session")).statusCode, 401);
  for (const place of [organisation, other]) assert.ok((await actions(place)).includes("person.reset done"));
  assert.match(await mailTo(person.email), /operator of Safelight has reset your password/);
});

test("a device gets certificate and key once; the list never holds a key; a revoked one is marked", async () => {
  const { browser } = await signedIn();
  const created = (await browser.post("/api/devices", { aeTitle: "CT1", query: true })).json<
    z.infer<typeof CreatedDevice>
  >();
  assert.match(created.key ?? "", /BEGIN PRIVATE KEY/);
  assert.deepEqual(created.device.services, ["store", "query"]);
  assert.equal(created.authority, authority.cert);
  assert.equal((await browser.post("/api/devices", { aeTitle: "CT1" })).statusCode, 409);
  const own = await issueCertificate({ authority, commonName: "MR1", usage: "client", days: 3, now: new Date() });
  const brought = (await browser.post("/api/devices", { aeTitle: "MR1", certificate: own.cert })).json<
    z.infer<typeof CreatedDevice>
  >();
  assert.equal(brought.key, null);
  assert.equal(created.device.pairing, null);
  assert.match(brought.device.pairing ?? "", /^PAIR-/);
  assert.equal((await browser.post("/api/devices", { aeTitle: "A\\B" })).statusCode, 400);
  assert.equal((await browser.post("/api/devices", { aeTitle: "US1", certificate: "no certificate" })).statusCode, 400);
  await browser.ask("DELETE", `/api/devices/${created.device.id}`);
  const list = await browser.get("/api/devices");
  assert.doesNotMatch(list.body, /PRIVATE KEY/);
  assert.notEqual(list.json<DeviceRow[]>().find(({ id }) => id === created.device.id)?.revokedAt, null);
  const { browser: stranger } = await signedIn();
  assert.deepEqual((await stranger.get("/api/devices")).json(), []);
  assert.equal((await stranger.ask("DELETE", `/api/devices/${brought.device.id}`)).statusCode, 400);
});

test("a machine's token opens what it names until it is revoked or ends; its secret is stored nowhere", async () => {
  const { browser, organisation } = await signedIn();
  const created = (await browser.post("/api/tokens", { name: "PACS", scopes: ["dicomweb.read", "admin"] })).json<{
    row: { id: string };
    token: string;
  }>();
  const ask = async (token: string, url = "/api/devices") =>
    (await app.inject({ url, headers: { host: "localhost:8080", authorization: `Bearer ${token}` } })).statusCode;
  assert.equal(await ask(created.token), 200);
  assert.equal(await ask(`${created.token.slice(0, -1)}x`), 401);
  assert.equal(await ask("sl_token_"), 401);
  const minted = await app.inject({
    method: "POST",
    url: "/api/tokens",
    headers: { host: "localhost:8080", authorization: `Bearer ${created.token}` },
    payload: { name: "x", scopes: ["admin"] },
  });
  assert.equal(minted.statusCode, 403, "no machine lets others in");
  const device = await app.inject({
    method: "POST",
    url: "/api/devices",
    headers: { host: "localhost:8080", authorization: `Bearer ${created.token}` },
    payload: { aeTitle: "BACKDOOR", query: true },
  });
  assert.deepEqual(
    [device.statusCode, /PRIVATE KEY/.test(device.body)],
    [403, false],
    "nor a machine that outlives it",
  );
  assert.deepEqual((await browser.get("/api/devices")).json(), []);
  const dump = await database.owner.query("select * from machine_token where organisation = $1", [organisation]);
  assert.ok(!JSON.stringify(dump.rows).includes(created.token.slice(9)));
  await browser.ask("DELETE", `/api/tokens/${created.row.id}`);
  assert.equal(await ask(created.token), 401);
  const short = (await browser.post("/api/tokens", { name: "short", scopes: ["admin"], expiresInDays: 1 })).json<{
    row: { id: string };
    token: string;
  }>();
  assert.equal(await ask(short.token), 200);
  await database.owner.query("update machine_token set expires_at = now() where id = $1", [short.row.id]);
  await database.owner.query("update policy_epoch set epoch = epoch + 1 where subject = $1", [organisation]);
  assert.equal(await ask(short.token), 401);
});

test("the organisation's settings are checked and hold for the next session's idle time", async () => {
  const { browser } = await signedIn();
  const before = (await browser.get("/api/organisation")).json<Record<string, unknown>>();
  assert.equal(
    (await browser.ask("PUT", "/api/organisation", { ...before, logo: "data:text/html;base64,PHNjcmlwdD4=" }))
      .statusCode,
    400,
  );
  assert.equal((await browser.ask("PUT", "/api/organisation", { ...before, name: "First Clinic" })).statusCode, 409);
  const changed = await browser.ask("PUT", "/api/organisation", { ...before, idleMinutes: 5, colour: "#112233" });
  assert.deepEqual(changed.json(), { ...before, idleMinutes: 5, colour: "#112233" });
  assert.equal((await browser.get("/api/session")).json<Session>().idleMinutes, 5);
});

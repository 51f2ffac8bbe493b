import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSignature } from "better-auth/crypto";
import type { FastifyRequest } from "fastify";
import { testDatabase } from "../../../../test/support/database.ts";
import { lettersIn } from "../../../../test/support/letters.ts";
import { Authenticator, addPasskey, enterByPasskey } from "../../../../test/support/passkey.ts";
import {
  anOrganisation,
  aPerson,
  enrol,
  ORIGIN,
  PASSWORD,
  peopleHouse,
  TestBrowser,
  type TestPerson,
} from "../../../../test/support/people.ts";
import { ALLOWED } from "./allowed.ts";

const database = await testDatabase();
const house = peopleHouse(database);
const { app, world, signin } = house;
const tell = async (request: FastifyRequest) => ({ who: await house.authenticate(request) });
app.get("/who", tell);
app.post("/who", tell);
const clinic = await anOrganisation(world);

type Who = { who: { id: string; roles: string[] } | null };
const who = async (browser: TestBrowser, headers: Record<string, string> = {}): Promise<Who["who"]> =>
  (await browser.ask("GET", "/who", undefined, headers)).json<Who>().who;
const password = (browser: TestBrowser, person: { email: string }, word = PASSWORD) =>
  browser.post("/api/auth/sign-in/email", { email: person.email, password: word });
const code = (browser: TestBrowser, digits: string) =>
  browser.post("/api/auth/two-factor/verify-totp", { code: digits });
const owner = <T extends object>(text: string, values: unknown[] = []) =>
  database.owner.query<T>(text, values).then(({ rows }) => rows);
const entries = (person: TestPerson, action: string) =>
  owner<{ outcome: string; because: string }>(
    "select outcome, because from ledger_entry where actor = $1 and action = $2 order by id",
    [person.id, action],
  );

test("a password without an enrolled second factor leads to enrolment and opens nothing else", async () => {
  const browser = new TestBrowser(app);
  const answer = await password(browser, await aPerson(house, clinic));
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(answer.json(), { user: { twoFactorEnabled: false } });
  assert.equal(await who(browser), null);
  for (const { method, path } of ALLOWED.filter(({ stage }) => stage === "signed-in")) {
    assert.ok(
      [400, 401].includes(
        (await browser.ask(method, `/api/auth${path}`, method === "POST" ? {} : undefined)).statusCode,
      ),
      path,
    );
  }
});

test("password, enrolment and the first code sign in, and only our own cookie stays in the browser", async () => {
  const person = await aPerson(house, clinic);
  const { browser } = await enrol(house, person);
  assert.equal((await who(browser))?.id, person.id);
  assert.deepEqual([...browser.cookies.keys()], ["safelight"]);
  assert.equal((await entries(person, "factor.enrol")).length, 1);
  assert.deepEqual(await entries(person, "sign-in"), [{ outcome: "done", because: "password-totp" }]);
});

test("with an enrolled second factor the password alone opens nothing, the code after it everything", async () => {
  const person = await aPerson(house, clinic);
  const { phone } = await enrol(house, person);
  const browser = new TestBrowser(app);
  assert.deepEqual((await password(browser, person)).json(), { twoFactorRedirect: true });
  assert.deepEqual([...browser.cookies.keys()], ["safelight-auth.two_factor"]);
  assert.equal(await who(browser), null);
  assert.equal((await browser.post("/api/auth/two-factor/enable", { password: PASSWORD })).statusCode, 401);
  assert.equal((await code(browser, "000000")).statusCode, 401);
  assert.equal((await code(browser, await phone.code())).statusCode, 200);
  assert.equal((await who(browser))?.id, person.id);
});

test("a code works once, also when two browsers send it at the same time", async () => {
  const person = await aPerson(house, clinic);
  const { phone } = await enrol(house, person);
  const digits = await phone.code();
  const browsers = [new TestBrowser(app), new TestBrowser(app), new TestBrowser(app)];
  for (const browser of browsers) await password(browser, person);
  const statuses = await Promise.all(browsers.map(async (browser) => (await code(browser, digits)).statusCode));
  assert.deepEqual(statuses.sort(), [200, 401, 401]);
  const late = new TestBrowser(app);
  await password(late, person);
  assert.equal((await code(late, digits)).statusCode, 401);
});

test("a backup code opens once", async () => {
  const person = await aPerson(house, clinic);
  const { backupCodes } = await enrol(house, person);
  const statuses: number[] = [];
  for (const attempt of [0, 0]) {
    const browser = new TestBrowser(app);
    await password(browser, person);
    statuses.push(
      (await browser.post("/api/auth/two-factor/verify-backup-code", { code: backupCodes[attempt] })).statusCode,
    );
  }
  assert.deepEqual(statuses, [200, 401]);
});

test("a session of the enrolment is worth nothing once the second factor is enrolled elsewhere", async () => {
  const person = await aPerson(house, clinic);
  const stale = new TestBrowser(app);
  await password(stale, person);
  const { phone } = await enrol(house, person);
  assert.equal((await stale.post("/api/auth/two-factor/enable", { password: PASSWORD })).statusCode, 401);
  assert.equal((await code(stale, await phone.code())).statusCode, 401);
  assert.equal(await who(stale), null);
});

test("every route of better-auth that is not in the list answers 404, signed in with a second factor or not", async () => {
  const person = await aPerson(house, clinic);
  const { browser } = await enrol(house, person);
  const pending = new TestBrowser(app);
  await password(pending, person);
  const api = Object.values(signin.auth().api) as { path?: string; options?: { method?: string | string[] } }[];
  const open = new Set([...ALLOWED.map(({ method, path }) => `${method} ${path}`), "POST /sign-out"]);
  const routes = api.flatMap(({ path, options }) =>
    [options?.method ?? "GET"].flat().map((method) => ({ method, path })),
  );
  const closed = routes.filter(
    (route): route is { method: string; path: string } =>
      route.path !== undefined && !open.has(`${route.method} ${route.path}`),
  );
  assert.ok(closed.length > 25, "better-auth's list was read");
  const foreign = [
    "/email-otp/send-verification-otp",
    "/sign-in/email-otp",
    "/sign-in/magic-link",
    "/sign-in/username",
    "/two-factor/verify-otp",
    "/organization/create",
    "/admin/create-user",
  ];
  for (const { method, path } of [...closed, ...foreign.map((path) => ({ method: "POST", path }))]) {
    for (const tried of [browser, pending, new TestBrowser(app)]) {
      const url = `/api/auth${path.replace(/:\w+/g, "x")}`;
      const answer = await tried.ask(
        method as "POST",
        url,
        method === "GET" ? undefined : { email: person.email, password: PASSWORD, name: "x" },
      );
      assert.equal(answer.statusCode, 404, `${method} ${path}`);
    }
  }
  assert.equal((await who(browser))?.id, person.id);
});

test("nobody signs up for themselves", async () => {
  const email = `stranger-${process.pid}@example.org`;
  await new TestBrowser(app).post("/api/auth/sign-up/email", { email, password: PASSWORD, name: "x" });
  assert.deepEqual(await owner('select from auth."user" where "email" = $1', [email]), []);
});

test("a stolen session row opens nothing: not as bearer, not as cookie, not even signed with the stolen secret", async () => {
  const person = await aPerson(house, clinic);
  await enrol(house, person);
  const [row] = await owner<{ token: string; secret_hash: Buffer }>(
    'select s."token", p.secret_hash from auth."session" s join auth.session_proof p on p.session = s."id" where s."userId" = $1',
    [person.user],
  );
  assert.ok(row);
  const signed = encodeURIComponent(`${row.token}.${await makeSignature(row.token, signin.place.secret.reveal())}`);
  const hash = row.secret_hash.toString("base64url");
  for (const headers of [
    { authorization: `Bearer ${row.token}` },
    { authorization: `Bearer ${signed}` },
    { authorization: `Bearer ${hash}` },
    { cookie: `safelight=${row.token}` },
    { cookie: `safelight=${hash}` },
    { cookie: `safelight=sl_cookie_${hash}` },
    { cookie: `safelight-auth.session_token=${row.token}` },
    { cookie: `safelight-auth.session_token=${signed}` },
    { cookie: `better-auth.session_token=${signed}` },
  ]) {
    const thief = new TestBrowser(app);
    assert.equal(await who(thief, headers), null);
    for (const { method, path } of ALLOWED.filter(({ stage }) => stage !== "anyone")) {
      const answer = await thief.ask(
        method,
        `/api/auth${path}`,
        method === "POST"
          ? {
              password: PASSWORD,
              code: "000000",
              id: "x",
              currentPassword: PASSWORD,
              newPassword: `${PASSWORD}!`,
              response: {},
            }
          : undefined,
        headers,
      );
      assert.equal(answer.statusCode, 401, path);
    }
  }
});

test("a passkey that verified its user is both factors; one that did not is refused at registration and at sign-in", async () => {
  const person = await aPerson(house, clinic);
  const { browser } = await enrol(house, person);
  const lax = new Authenticator(ORIGIN);
  lax.verifiesUser = false;
  assert.notEqual(await addPasskey(browser, lax), 200);
  const key = new Authenticator(ORIGIN);
  assert.equal(await addPasskey(browser, key), 200);
  const second = new TestBrowser(app);
  assert.equal(await enterByPasskey(second, key), 200);
  assert.equal((await who(second))?.id, person.id);
  key.verifiesUser = false;
  const third = new TestBrowser(app);
  assert.equal(await enterByPasskey(third, key), 401);
  assert.equal(await who(third), null);
  assert.equal(await enterByPasskey(new TestBrowser(app), new Authenticator(ORIGIN)), 401);
});

test("a passkey's answer for another origin or another challenge is refused", async () => {
  const person = await aPerson(house, clinic);
  const { browser } = await enrol(house, person);
  const key = new Authenticator("https://evil.example");
  assert.notEqual(await addPasskey(browser, key), 200);
  const own = new Authenticator(ORIGIN);
  await addPasskey(browser, own);
  const other = new TestBrowser(app);
  await other.get("/api/auth/passkey/generate-authenticate-options");
  const response = own.authenticate({ challenge: Buffer.from("another challenge").toString("base64url") });
  assert.equal((await other.post("/api/auth/passkey/verify-authentication", { response })).statusCode, 401);
});

test("ten wrong passwords close an account for a while, known or not, with a notice and on the record", async () => {
  const person = await aPerson(house, clinic);
  const { phone } = await enrol(house, person);
  const unknown = { email: `nobody-${process.pid}@example.org` };
  for (const target of [person, unknown]) {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => password(new TestBrowser(app), target, "wrong password 123")),
    );
    const statuses = answers.map(({ statusCode }) => statusCode).sort();
    assert.deepEqual(statuses, [...Array<number>(10).fill(401), 429, 429], target.email);
    assert.ok(Number(answers.find(({ statusCode }) => statusCode === 429)?.headers["retry-after"]) > 60);
  }
  const right = new TestBrowser(app);
  assert.equal((await password(right, person)).statusCode, 429);
  assert.equal((await entries(person, "sign-in.lock")).length, 1);
  const refused = (await entries(person, "sign-in"))
    .filter(({ outcome }) => outcome === "refused")
    .map(({ because }) => because);
  assert.equal(refused.filter((because) => because === "email").length, 10);
  assert.equal(refused.filter((because) => because === "locked").length, 3);
  assert.equal((await lettersIn(house.world)).filter(({ to }) => to === person.email).length, 1);
  await owner("update attempt set window_at = window_at - interval '20 minutes'");
  assert.equal((await password(right, person)).statusCode, 200);
  assert.equal((await code(right, await phone.code())).statusCode, 200);
});

test("wrong codes close an account as wrong passwords do", async () => {
  const person = await aPerson(house, clinic);
  await enrol(house, person);
  const statuses: number[] = [];
  for (let round = 0; round < 6; round++) {
    const browser = new TestBrowser(app);
    statuses.push((await password(browser, person)).statusCode);
    statuses.push((await code(browser, "000000")).statusCode);
  }
  assert.deepEqual(statuses, [200, 401, 200, 401, 200, 401, 200, 401, 200, 401, 429, 401]);
});

test("a stolen session guesses the password no more often than a stranger does, and a right one forgets the slips before it", async () => {
  const person = await aPerson(house, clinic);
  const { browser } = await enrol(house, person);
  const change = async (currentPassword: string) =>
    (await browser.post("/api/auth/change-password", { currentPassword, newPassword: PASSWORD })).statusCode;
  for (let slip = 0; slip < 9; slip++) assert.notEqual(await change(`slip number ${slip}`), 429);
  assert.equal(await change(PASSWORD), 200);
  const statuses: number[] = [];
  for (let guess = 0; guess < 11; guess++) statuses.push(await change(`guess number ${guess}`));
  assert.ok(statuses.slice(0, 10).every((status) => status === 401) && statuses[10] === 429, statuses.join());
  assert.equal(await change(PASSWORD), 429, "also with the right one");
  assert.equal((await password(new TestBrowser(app), person)).statusCode, 429, "and at the sign-in");
  assert.equal((await entries(person, "sign-in.lock")).length, 1);
});

test("tries from all over one IPv6 subscriber's network are counted together", async () => {
  let strangers = 0;
  const tryFrom = async (remoteAddress: string) =>
    (
      await app.inject({
        ...{ method: "POST", url: "/api/auth/sign-in/email", remoteAddress },
        headers: { host: "localhost:8080", origin: ORIGIN },
        payload: { email: `nobody-${++strangers}@example.org`, password: "a wrong password" },
      })
    ).statusCode;
  for (let n = 1; n <= 100; n++) assert.equal(await tryFrom(`2001:db8:1:2::${n.toString(16)}`), 401);
  assert.equal(await tryFrom("2001:db8:1:2:ffff::1"), 429);
  assert.equal(await tryFrom("2001:db8:1:3::1"), 401);
});

test("a wrong password, an unknown address and an address without a password answer alike", async () => {
  const person = await aPerson(house, clinic);
  const answers = [];
  for (const email of [person.email, `nobody-${process.pid}-2@example.org`]) {
    const { statusCode, body } = await password(new TestBrowser(app), { email }, "wrong password 123");
    answers.push({ statusCode, ...(JSON.parse(body) as { code: string; message: string }), request: "" });
  }
  assert.deepEqual(answers[0], answers[1]);
  assert.equal(answers[0]?.code, "sign-in.failed");
});

test("a session ends when nobody was there for the organisation's idle time; a page that only listens does not count", async () => {
  const person = await aPerson(house, clinic);
  const { browser } = await enrol(house, person);
  const away = (minutes: number) =>
    owner(
      `update auth.session_proof set last_seen_at = now() - make_interval(mins => $2) where session in (select "id" from auth."session" where "userId" = $1)`,
      [person.user, minutes],
    );
  const idle = async () => {
    const [row] = await owner<{ seconds: number }>(
      `select extract(epoch from now() - last_seen_at)::integer as seconds
       from auth.session_proof p join auth."session" s on s."id" = p.session where s."userId" = $1`,
      [person.user],
    );
    return row?.seconds ?? 0;
  };
  await away(14);
  assert.ok(await who(browser, { "safelight-idle": "1" }));
  await away(14);
  assert.ok(await who(browser, { accept: "text/event-stream" }));
  assert.ok((await idle()) > 800);
  assert.ok(await who(browser));
  assert.ok((await idle()) < 30, "a request of the person counts as activity");
  await away(16);
  assert.equal(await who(browser), null);
});

test("a session ends after twelve hours however busy it was", async () => {
  const person = await aPerson(house, clinic);
  const { browser } = await enrol(house, person);
  await owner(
    `update auth.session_proof set started_at = now() - interval '12 hours 1 second' where session in (select "id" from auth."session" where "userId" = $1)`,
    [person.user],
  );
  assert.equal(await who(browser), null);
});

test("signing out ends the session in the database, not only in the browser", async () => {
  const person = await aPerson(house, clinic);
  const { browser } = await enrol(house, person);
  const kept = new Map(browser.cookies);
  assert.equal((await browser.post("/api/auth/sign-out")).statusCode, 200);
  assert.equal(browser.cookies.size, 0);
  for (const [name, value] of kept) browser.cookies.set(name, value);
  assert.equal(await who(browser), null);
  assert.equal((await entries(person, "sign-out")).length, 1);
});

test("a new password ends every other session and keeps this one under a new secret", async () => {
  const person = await aPerson(house, clinic);
  const { browser, phone } = await enrol(house, person);
  const other = new TestBrowser(app);
  await password(other, person);
  await code(other, await phone.code());
  const before = browser.cookies.get("safelight");
  const change = await browser.post("/api/auth/change-password", {
    currentPassword: PASSWORD,
    newPassword: `${PASSWORD} again`,
  });
  assert.equal(change.statusCode, 200);
  assert.notEqual(browser.cookies.get("safelight"), before);
  assert.equal((await who(browser))?.id, person.id);
  assert.equal(await who(other), null);
});

test("what another site asks for with our cookie is refused; what a page of ours asks for is not", async () => {
  const { browser } = await enrol(house, await aPerson(house, clinic));
  const post = async (headers: Record<string, string>) => (await browser.ask("POST", "/who", {}, headers)).statusCode;
  assert.equal(await post({ origin: "https://evil.example" }), 403);
  assert.equal(await post({ origin: "null" }), 403);
  assert.equal(await post({ origin: "http://localhost:9999" }), 403);
  assert.equal(await post({ origin: ORIGIN }), 200);
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const bare = (headers: Record<string, string>) =>
    app.inject({ method: "POST", url: "/who", headers: { host: "localhost:8080", cookie, ...headers }, payload: {} });
  assert.equal((await bare({})).statusCode, 403);
  assert.equal((await bare({ "sec-fetch-site": "cross-site" })).statusCode, 403);
  assert.equal((await bare({ "sec-fetch-site": "same-origin" })).statusCode, 200);
});

test("a page of another origin that reads with our cookie is nobody", async () => {
  const { browser } = await enrol(house, await aPerson(house, clinic));
  for (const origin of ["https://evil.example", "http://localhost:9999", "null"])
    assert.equal(await who(browser, { origin }), null, origin);
  assert.notEqual(await who(browser, { origin: ORIGIN }), null);
});

test("over TLS the cookies are host-only: __Host-, Secure, HttpOnly, SameSite=Strict", async () => {
  const secure = peopleHouse(database, { secure: true });
  const person = await aPerson(secure, await anOrganisation(secure.world));
  const browser = new TestBrowser(secure.app, "https://localhost:8080");
  const answer = await browser.ask("POST", "/api/auth/sign-in/email", { email: person.email, password: PASSWORD });
  for (const line of [answer.headers["set-cookie"] ?? []].flat()) {
    assert.match(line, /^__Host-safelight-auth\.session_token=/);
    for (const word of ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"]) assert.ok(line.includes(word), word);
    assert.doesNotMatch(line, /domain=/i);
  }
  await enrol(secure, person, browser);
  assert.deepEqual([...browser.cookies.keys()], ["__Host-safelight"]);
});

test("refusals take the same time whatever was wrong", async () => {
  const slow = peopleHouse(database, { refusalMs: 1500, slowPasswords: true });
  for (const email of [`nobody-${process.pid}-3@example.org`, "no address"]) {
    const began = Date.now();
    await new TestBrowser(slow.app).post("/api/auth/sign-in/email", { email, password: PASSWORD });
    assert.ok(Date.now() - began >= 1490, email);
  }
});

test("the serving role cannot read the credentials, and the role of the credentials nothing else", async () => {
  await assert.rejects(
    database.read({ organisation: null, person: null }, (tx) =>
      tx.executeQuery({ sql: 'select * from auth."user"', parameters: [], query: {} as never, queryId: {} as never }),
    ),
    /denied|permission|internal/i,
  );
  for (const table of ["person", "membership", "study", "ledger_entry", "machine_token"]) {
    await assert.rejects(database.auth.query(`select * from public.${table}`), /permission denied/);
  }
});

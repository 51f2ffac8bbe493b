import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { LinkStudy } from "#contract/sharing.ts";
import type { Letter } from "#platform/mail.ts";
import type { Database } from "#platform/postgres/db.ts";
import { testDatabase } from "../../../../test/support/database.ts";
import { lettersIn } from "../../../../test/support/letters.ts";
import { anOrganisation, ORIGIN } from "../../../../test/support/people.ts";
import {
  aBrowser,
  aColleague,
  anImage,
  aStudy,
  type Caller,
  type SharingHouse,
  sharingHouse,
  type TestStudy,
} from "../../../../test/support/sharing.ts";

let database: Database;
let house: SharingHouse;
let organisation: string;
let sender: Caller;
let email: string;
let study: TestStudy;

before(async () => {
  database = await testDatabase();
  house = await sharingHouse(database);
  organisation = await anOrganisation(house.world);
  const who = await aColleague(house.world, organisation, ["radiologist"]);
  sender = house.as(who);
  const { rows } = await database.owner.query<{ email: string }>("select email from person where id = $1", [who.id]);
  email = rows[0]?.email ?? "";
  study = await aStudy(house.world, organisation, [anImage(32, 1), anImage(32, 2)]);
});

const PASSWORD = "correct-horse-1";
type Shared = { secret: string; grant: string; link: string };

async function share(over: Record<string, unknown> = {}, of = study): Promise<Shared> {
  const answer = await sender.post(`/api/studies/${organisation}/${of.id}/share`, {
    subject: { kind: "link", recipient: "Dr B. Fourie" },
    purpose: "second-opinion",
    basis: { kind: "own-care" },
    challenge: { kind: "password", password: PASSWORD },
    ...over,
  });
  assert.equal(answer.statusCode, 201, answer.body);
  const { grant, link } = answer.json<{ grant: string; link: { id: string; url: string } }>();
  assert.ok(link.url.startsWith(`${ORIGIN}/l#sl_link_`));
  return { grant, link: link.id, secret: link.url.split("#")[1] ?? "" };
}

async function opened(shared: Shared, answer = PASSWORD): Promise<{ browser: Caller; study: LinkStudy }> {
  const browser = aBrowser(house);
  const response = await browser.post("/api/link/open", { secret: shared.secret, answer });
  assert.equal(response.statusCode, 200, response.body);
  return { browser, study: response.json<LinkStudy>() };
}

const firstImage = (shown: LinkStudy): string => shown.series[0]?.instances[0]?.id ?? "";

async function linkRow(id: string): Promise<Record<string, unknown>> {
  const { rows } = await database.owner.query("select * from link where id = $1", [id]);
  return rows[0] as Record<string, unknown>;
}

const mails = async (to: string): Promise<Letter[]> =>
  (await lettersIn(house.world)).filter((letter) => letter.to === to);

test("a link opens by its challenge in a browser that then holds a host-only cookie, and each opening is told", async () => {
  const shared = await share();
  const browser = aBrowser(house);
  const card = await browser.post("/api/link/look", { secret: shared.secret });
  assert.equal(card.statusCode, 200);
  assert.equal(card.json<{ challenge: string }>().challenge, "password");
  assert.equal((await browser.post("/api/link/open", { secret: shared.secret, answer: "wrong" })).statusCode, 403);
  const before = (await mails(email)).length;
  const response = await browser.post("/api/link/open", { secret: shared.secret, answer: ` ${PASSWORD} ` });
  assert.equal(response.statusCode, 200);
  assert.match(
    String(response.headers["set-cookie"]),
    /^sl-link=sl_cookie_[\w-]+; Path=\/; Max-Age=28800; HttpOnly; SameSite=Strict$/,
  );
  const told = await mails(email);
  assert.equal(told.length, before + 1);
  const { subject = "", body = "" } = told.at(-1) ?? {};
  assert.equal(subject, "Your link was opened");
  assert.match(body, /for Dr B\. Fourie was just opened/);
  assert.ok(body.includes(`${ORIGIN}/studies/${organisation}/${study.id}`), body);
  const shown = response.json<LinkStudy>();
  assert.equal(shown.recipient, "Dr B. Fourie");
  assert.equal(shown.series[0]?.instances.length, 2);
  const picture = await browser.get(`/api/link/frames/${firstImage(shown)}/1`);
  assert.equal(picture.headers["content-type"], "image/jpeg");
  assert.equal((await browser.get("/api/link/study")).statusCode, 200);
  assert.equal((await linkRow(shared.link))["uses"], 1);
});

test("behind TLS the cookie is bound to the host and to TLS", async () => {
  const publicUrl = "https://images.example";
  const secure = await sharingHouse(database, { publicUrl, keys: house.world });
  const who = await aColleague(secure.world, organisation, ["radiologist"]);
  const made = await secure
    .as(who)
    .post(`/api/studies/${organisation}/${(await aStudy(secure.world, organisation)).id}/share`, {
      subject: { kind: "link", recipient: "Dr B. Fourie" },
      purpose: "second-opinion",
      basis: { kind: "own-care" },
      challenge: { kind: "password", password: PASSWORD },
    });
  const url = made.json<{ link: { url: string } }>().link.url;
  assert.ok(url.startsWith("https://images.example/l#"));
  const browser = aBrowser(secure, publicUrl);
  const response = await browser.post("/api/link/open", { secret: url.split("#")[1], answer: PASSWORD });
  assert.match(
    String(response.headers["set-cookie"]),
    /^__Host-sl-link=[^;]+; Path=\/; .*HttpOnly; SameSite=Strict; Secure$/,
  );
  assert.doesNotMatch(String(response.headers["set-cookie"]), /domain/i);
});

test("a GET and a look count nothing: mail scanners use nothing up", async () => {
  const shared = await share({ maxUses: 1 });
  const scanner = aBrowser(house);
  for (const path of ["look", "open", "send-code", "close"])
    assert.equal((await scanner.get(`/api/link/${path}?secret=${shared.secret}`)).statusCode, 404);
  for (let turn = 0; turn < 3; turn++) await scanner.post("/api/link/look", { secret: shared.secret });
  const row = await linkRow(shared.link);
  assert.deepEqual([row["uses"], row["uses_left"], row["attempts_left"]], [0, 1, 5]);
  await opened(shared);
});

test("another site's page opens no link in a visitor's browser", async () => {
  const shared = await share();
  const answer = await house.app.inject({
    method: "POST",
    url: "/api/link/open",
    headers: { host: "localhost:8080", origin: "https://evil.example" },
    payload: { secret: shared.secret, answer: PASSWORD },
  });
  assert.equal(answer.statusCode, 403);
  assert.equal((await linkRow(shared.link))["uses"], 0);
});

test("the fifth wrong answer closes the link for good, also for whoever had opened it, and tells its sender", async () => {
  const shared = await share();
  const { browser: inside, study: shown } = await opened(shared);
  const before = (await mails(email)).length;
  const guesser = aBrowser(house);
  for (let turn = 1; turn <= 4; turn++)
    assert.equal((await guesser.post("/api/link/open", { secret: shared.secret, answer: "guess" })).statusCode, 403);
  assert.equal((await guesser.post("/api/link/open", { secret: shared.secret, answer: "guess" })).statusCode, 404);
  assert.equal((await guesser.post("/api/link/open", { secret: shared.secret, answer: PASSWORD })).statusCode, 404);
  assert.equal((await guesser.post("/api/link/look", { secret: shared.secret })).statusCode, 404);
  assert.equal((await inside.get(`/api/link/frames/${firstImage(shown)}/1`)).statusCode, 404);
  const told = (await mails(email)).slice(before);
  assert.deepEqual(
    told.map(({ subject }) => subject),
    ["Your link was closed"],
  );
});

test("five answers at the same moment are five tries", async () => {
  const shared = await share();
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => aBrowser(house).post("/api/link/open", { secret: shared.secret, answer: "guess" })),
  );
  assert.equal(answers.filter(({ statusCode }) => statusCode === 403).length, 4);
  assert.equal((await linkRow(shared.link))["attempts_left"], 0);
});

test("a code goes to the address given apart, is masked on the page, works once and for ten minutes", async () => {
  const address = `fourie-${process.pid}@practice.example.org`;
  const shared = await share({ challenge: { kind: "code", address } });
  const browser = aBrowser(house);
  const card = await browser.post("/api/link/look", { secret: shared.secret });
  assert.equal(card.json<{ maskedAddress: string }>().maskedAddress, "f•••@p•••.org");
  assert.ok(!card.body.includes("practice"));
  const send = async (): Promise<string> => {
    assert.equal((await browser.post("/api/link/send-code", { secret: shared.secret })).statusCode, 200);
    return /\b\d{6}\b/.exec((await mails(address)).at(-1)?.body ?? "")?.[0] ?? "";
  };
  const open = (answer: string) => browser.post("/api/link/open", { secret: shared.secret, answer });
  const first = await send();
  const second = await send();
  if (first !== second) assert.equal((await open(first)).statusCode, 403, "replaced by the second");
  await database.owner.query("update link set code_expires_at = now() - interval '1 second' where id = $1", [
    shared.link,
  ]);
  assert.equal((await open(second)).statusCode, 403, "expired");
  const third = await send();
  assert.equal((await open(third)).statusCode, 200);
  assert.equal((await open(third)).statusCode, 403, "used");
});

test("a link sends ten codes in all, and none where there is no code to send", async () => {
  const shared = await share({ challenge: { kind: "code", address: "someone@example.org" } });
  await database.owner.query("update link set codes_sent = 10 where id = $1", [shared.link]);
  assert.equal((await aBrowser(house).post("/api/link/send-code", { secret: shared.secret })).statusCode, 429);
  const other = await share();
  assert.equal((await aBrowser(house).post("/api/link/send-code", { secret: other.secret })).statusCode, 404);
});

test("a birth date opens pictures only; it is asked as people write it", async () => {
  const challenge = { kind: "birth-date" };
  const verdict = await sender.post(`/api/studies/${organisation}/${study.id}/share/verdict`, {
    subject: { kind: "link", recipient: "Ayanda Nkosi", toPatient: true },
    purpose: "patient-request",
    basis: { kind: "own-care" },
    rights: ["view", "download"],
    challenge,
  });
  assert.deepEqual(verdict.json<{ verdict: object }>().verdict, { allowed: false, because: "challenge-too-weak" });
  const shared = await share({ challenge });
  const { browser } = await opened(shared, "1987-04-19");
  assert.equal((await browser.get("/api/link/download")).statusCode, 404);
  const row = await linkRow(shared.link);
  assert.ok(!JSON.stringify(row).includes("19870419"));
});

test("openings end with the last use; whoever is inside stays until the session ends", async () => {
  const shared = await share({ maxUses: 2 });
  const { browser } = await opened(shared);
  await opened(shared);
  assert.equal(
    (await aBrowser(house).post("/api/link/open", { secret: shared.secret, answer: PASSWORD })).statusCode,
    404,
  );
  assert.equal((await browser.get("/api/link/study")).statusCode, 200);
  await database.owner.query("update link_session set seen_at = now() - interval '31 minutes' where link = $1", [
    shared.link,
  ]);
  assert.equal((await browser.get("/api/link/study")).statusCode, 404);
});

test("a link tapped again goes in where its session is open, without another opening, and nowhere else", async () => {
  const shared = await share({ maxUses: 1 });
  const { browser } = await opened(shared);
  const look = (who: Caller) => who.post("/api/link/look", { secret: shared.secret });
  const again = await look(browser);
  assert.deepEqual([again.statusCode, again.json<{ inside: boolean }>().inside], [200, true]);
  assert.equal((await linkRow(shared.link))["uses"], 1);
  assert.equal((await look(aBrowser(house))).statusCode, 404, "used up for everybody else");
  const { browser: elsewhere } = await opened(await share());
  assert.equal((await look(elsewhere)).statusCode, 404, "another link's session is no key to this one");
  const fresh = await share();
  const card = await elsewhere.post("/api/link/look", { secret: fresh.secret });
  assert.equal(card.json<{ inside: boolean }>().inside, false);
  await database.owner.query("update link_session set seen_at = now() - interval '31 minutes' where link = $1", [
    shared.link,
  ]);
  assert.equal((await look(browser)).statusCode, 404, "nor is a session that has ended");
});

test("a wrong answer is told with the tries that are left", async () => {
  const shared = await share();
  const browser = aBrowser(house);
  for (const left of [4, 3, 2, 1]) {
    const answer = await browser.post("/api/link/open", { secret: shared.secret, answer: "guess" });
    const { request: _, ...problem } = answer.json<Record<string, unknown>>();
    assert.equal(answer.statusCode, 403);
    assert.deepEqual(problem, { code: "challenge.failed", message: "That is not the right answer.", left });
  }
});

test("who was let in learns whose link has ended and why; who was not learns nothing", async () => {
  const because = async (who: Caller, secret?: string) => {
    const answer = await who.post("/api/link/ended", secret === undefined ? {} : { secret });
    assert.equal(answer.statusCode, 200);
    return answer.json<{ because: string } | null>()?.because ?? null;
  };
  const ends: [string, Record<string, unknown>, (shared: Shared) => Promise<unknown>][] = [
    ["taken-back", {}, ({ grant }) => sender.ask("DELETE", `/api/grants/${grant}`)],
    [
      "taken-back",
      {},
      ({ grant }) =>
        database.owner.query("update access_grant set basis_until = now() - interval '1 second' where id = $1", [
          grant,
        ]),
    ],
    [
      "expired",
      {},
      ({ grant }) =>
        database.owner.query("update access_grant set until_at = now() - interval '1 second' where id = $1", [grant]),
    ],
    ["tries", {}, ({ link }) => database.owner.query("update link set closed_at = now() where id = $1", [link])],
    ["used-up", { maxUses: 1 }, async () => undefined],
    ["away", {}, async () => undefined],
  ];
  for (const [why, over, end] of ends) {
    const shared = await share(over);
    const { browser } = await opened(shared);
    await end(shared);
    assert.equal(await because(browser), why);
    assert.equal(await because(browser, shared.secret), why);
    assert.equal(await because(browser, (await share()).secret), null, "another link");
    assert.equal(await because(aBrowser(house), shared.secret), null, "another browser");
  }
  const shared = await share();
  const { browser } = await opened(shared);
  const { organisation: named } = (await browser.post("/api/link/ended", {})).json<{
    organisation: { name: string };
  }>();
  assert.ok(named.name.length > 0);
  await browser.post("/api/link/close");
  assert.equal(await because(browser), null, "forgotten on this device");
});

test("taken back, the next picture is refused; so is everything else", async () => {
  const shared = await share({ rights: ["view", "download"] });
  const { browser, study: shown } = await opened(shared);
  const image = firstImage(shown);
  assert.equal((await browser.get(`/api/link/frames/${image}/1`)).statusCode, 200);
  assert.equal((await sender.ask("DELETE", `/api/grants/${shared.grant}`)).statusCode, 200);
  for (const path of [`frames/${image}/1`, `thumbnail/${image}`, "study", "download", "report", "report.pdf"])
    assert.equal((await browser.get(`/api/link/${path}`)).statusCode, 404, path);
});

test("closing on a device ends that session and no other", async () => {
  const shared = await share();
  const [one, two] = [await opened(shared), await opened(shared)];
  const cookie = one.browser.cookie;
  assert.equal((await one.browser.post("/api/link/close")).statusCode, 200);
  assert.equal(one.browser.cookie, "");
  one.browser.cookie = cookie;
  assert.equal((await one.browser.get("/api/link/study")).statusCode, 404);
  assert.equal((await two.browser.get("/api/link/study")).statusCode, 200);
});

test("unknown, malformed, expired, revoked, used up, closed and ended links answer alike: status, words, headers and time", async () => {
  const [expired, revoked, used, shut, ended] = [
    await share(),
    await share(),
    await share({ maxUses: 1 }),
    await share(),
    await share(),
  ];
  await database.owner.query("update access_grant set until_at = now() - interval '1 second' where id = $1", [
    expired.grant,
  ]);
  await sender.ask("DELETE", `/api/grants/${revoked.grant}`);
  await opened(used);
  await database.owner.query(
    "update link set attempts_left = 0, closed_at = now(), closed_because = 'tries' where id = $1",
    [shut.link],
  );
  await database.owner.query("update access_grant set basis_until = now() - interval '1 second' where id = $1", [
    ended.grant,
  ]);
  const unknown = `${expired.secret.slice(0, -8)}AAAAAAAA`;
  const secrets = [
    unknown,
    "x".repeat(46),
    "x",
    expired.secret,
    revoked.secret,
    used.secret,
    shut.secret,
    ended.secret,
  ];
  for (const path of ["look", "send-code", "open"]) {
    const seen = new Set<string>();
    for (const secret of secrets) {
      const begun = performance.now();
      const answer = await aBrowser(house).post(`/api/link/${path}`, { secret, answer: PASSWORD });
      assert.ok(performance.now() - begun >= 245, `${path} waits for its time`);
      const { request: _, ...body } = answer.json<Record<string, unknown>>();
      const { "x-request-id": __, date: ___, "content-length": ____, ...headers } = answer.headers;
      seen.add(JSON.stringify([answer.statusCode, body, headers]));
    }
    assert.equal(seen.size, 1, [...seen].join("\n"));
    assert.match([...seen][0] ?? "", /^\[404,\{"code":"link.closed"/);
  }
});

test("a refusal stands in the record with its true reason, once a minute; a stranger's with where it came from", async () => {
  const shared = await share();
  await sender.ask("DELETE", `/api/grants/${shared.grant}`);
  for (let turn = 0; turn < 3; turn++) await aBrowser(house).post("/api/link/look", { secret: shared.secret });
  const { rows } = await database.owner.query<{ because: string; actor_kind: string }>(
    "select because, actor_kind from ledger_entry where subject = $1 and action = 'link.open' and outcome = 'refused'",
    [shared.link],
  );
  assert.deepEqual(rows, [{ because: "revoked", actor_kind: "link" }]);
  const stranger = aBrowser(house);
  await stranger.post("/api/link/look", { secret: "x".repeat(46) });
  const known = await database.owner.query("select from ledger_entry where action = 'link.stranger'");
  assert.ok(known.rows.length >= 1);
});

test("tries from one place are limited whatever the link", async () => {
  const shared = await share();
  const browser = aBrowser(house);
  const codes: number[] = [];
  for (let turn = 0; turn < 22; turn++)
    codes.push((await browser.post("/api/link/send-code", { secret: shared.secret })).statusCode);
  assert.deepEqual([...new Set(codes.slice(0, 20))], [404]);
  assert.deepEqual(codes.slice(20), [429, 429]);
});

test("reading through a link is on the owner's record before the first picture, with the grant it rests on", async () => {
  const shared = await share();
  await opened(shared);
  const { rows } = await database.owner.query<{ action: string; because: string }>(
    "select action, because from ledger_entry where actor = $1 order by id",
    [shared.link],
  );
  assert.deepEqual(rows, [
    { action: "link.open", because: "password" },
    { action: "study.view", because: "grant" },
  ]);
});

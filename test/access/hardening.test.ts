import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { systemActor } from "#features/audit/actor.ts";
import { setRoles } from "#features/people/person-actions.ts";
import { giveRole } from "#features/people/person-queries.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { AccessHouse, type Staff } from "../support/access-house.ts";
import type { TestStudy } from "../support/sharing.ts";
import { ask, codeOf, type Heard, inTurns } from "./ask.ts";

/** What a browser, a proxy or a stranger on the network could do to the web listener, over real connections. */
let house: AccessHouse;
let clinic: string;
let reader: Staff;
let administrator: Staff;
let study: TestStudy;
const cookies = { reader: "", administrator: "" };

before(async () => {
  house = await AccessHouse.open();
  clinic = await house.organisation("Hardened Clinic");
  reader = await house.person(clinic, ["radiologist"]);
  administrator = await house.person(clinic, ["administrator"]);
  study = await house.study(clinic);
  cookies.reader = await house.signedIn(reader);
  cookies.administrator = await house.signedIn(administrator);
});
after(() => house.close());

const get = (path: string, headers: Record<string, string> = {}, cookie = cookies.reader): Promise<Heard> =>
  ask(house.url, { cookie }, { method: "GET", path, headers });

test("every kind of answer carries the headers that keep browsers from helping an attacker", async () => {
  const dicomweb = `/dicomweb/studies/${study.uid}`;
  const kinds: [string, Promise<Heard>][] = [
    ["a page", get("/studies")],
    ["an unknown address", get("/api/nothing")],
    ["JSON", get("/api/session")],
    ["live updates", get("/api/events")],
    ["a refusal", get("/api/people")],
    ["nobody's request", get("/api/session", {}, "")],
    ["metadata", get(`${dicomweb}/metadata`)],
    ["files", get(dicomweb)],
    ["a picture", get(`${dicomweb}/rendered`)],
    ["nothing found", get("/dicomweb/studies?PatientID=NONE")],
    ["an address that cannot be decoded", get("/%E0%A4%A")],
    ["a foreign host name", get("/api/session", { host: "evil.example" })],
    ["health", get("/healthz")],
    ["metrics", get("/metrics", { authorization: "Bearer of-the-operator" })],
    [
      "a wrong media type",
      ask(
        house.url,
        { cookie: cookies.reader },
        { method: "POST", path: "/api/link/open", body: "x", headers: { "content-type": "image/gif" } },
      ),
    ],
  ];
  for (const [kind, answer] of kinds) {
    const { headers } = await answer;
    assert.match(String(headers["content-security-policy"]), /default-src 'none'.*frame-ancestors 'none'/, kind);
    assert.equal(headers["x-content-type-options"], "nosniff", kind);
    assert.equal(headers["referrer-policy"], "no-referrer", kind);
    assert.equal(headers["cross-origin-opener-policy"], "same-origin", kind);
    assert.equal(headers["cross-origin-resource-policy"], "same-origin", kind);
    assert.match(String(headers["cache-control"]), /no-store|no-cache/, kind);
    assert.equal(headers["access-control-allow-origin"], undefined, kind);
    assert.equal(headers["server"] ?? headers["x-powered-by"], undefined, kind);
    assert.equal(headers["content-type"] === undefined && Number(headers["content-length"] ?? 0) > 0, false, kind);
  }
});

/** Unsafe routes that neither a cookie opens nor anything stands to be changed by: their secret comes in the body. */
const BY_SECRET_ALONE = ["POST /api/invitation/look"];

const EVIL: Record<string, string> = { origin: "https://evil.example" };
/** What a browser says of itself where another site's page asks, and the bodies that need no preflight. */
const FOREIGN: readonly { type: string; headers: Record<string, string> }[] = [
  { type: "application/json", headers: EVIL },
  { type: "text/plain", headers: EVIL },
  { type: "application/x-www-form-urlencoded", headers: EVIL },
  { type: "application/json", headers: { origin: "null" } },
  { type: "application/json", headers: { "sec-fetch-site": "cross-site" } },
  { type: "application/json", headers: { "sec-fetch-site": "same-site" } },
  { type: "application/json", headers: {} },
];

test("no unsafe route does anything for another site's page, a page without origin, or a form", async () => {
  const unsafe = house.routes.filter(
    ({ method, url }) => !["GET", "HEAD", "OPTIONS"].includes(method) && !BY_SECRET_ALONE.includes(`${method} ${url}`),
  );
  assert.ok(unsafe.length > 40);
  const before = await everything();
  const tries = unsafe.flatMap(({ method, url }) => FOREIGN.map((foreign) => ({ method, url, ...foreign })));
  await inTurns(tries, 24, async ({ method, url, type, headers }) => {
    const path = url
      .replace(":owner", clinic)
      .replace(/:(id|study)/, study.id)
      .replace(":n", "1");
    const body = JSON.stringify({ name: "x", secret: "a".repeat(43), answer: "x", roles: [], code: "000000" });
    const sent = { method, path, body, headers: { ...headers, "content-type": type } };
    const heard = await ask(house.url, { cookie: cookies.administrator }, sent);
    const said = `${method} ${url} ${JSON.stringify(headers)} ${type}: ${heard.status} ${codeOf(heard)}`;
    assert.ok(["request.cross-site", "input.media-type"].includes(codeOf(heard)), said);
  });
  assert.deepEqual(await everything(), before);
});

/** How many rows stand in every table that a request could change. */
async function everything(): Promise<unknown> {
  const names = [
    "person",
    "membership",
    "machine_token",
    "device",
    "agreement",
    "access_grant",
    "link",
    "study",
    "instance",
    "upload",
    "report_version",
  ];
  return Promise.all(names.map(async (name) => (await house.sql(`select count(*)::int as rows from ${name}`))[0]));
}

test("a name that was made to point here opens nothing, on any route, with whatever cookie", async () => {
  for (const { method, url } of house.routes) {
    const path = url.replace("*", "").replace(/:\w+/g, study.id);
    for (const host of ["evil.example", "localhost.evil.example"]) {
      const heard = await ask(house.url, { cookie: cookies.administrator }, { method, path, headers: { host } });
      assert.equal(heard.status, 421, `${method} ${url}`);
      assert.equal(heard.headers["set-cookie"], undefined);
    }
  }
});

/** Bytes as they are, and everything that comes back until the server closes or is silent. */
async function raw(text: string | Buffer): Promise<string> {
  const socket = connect(house.server.ports.http, "127.0.0.1");
  let said = "";
  socket.on("data", (part: Buffer) => {
    said += part.toString("latin1");
  });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(text);
  await Promise.race([once(socket, "close"), delay(1500)]);
  socket.destroy();
  return said;
}
const answersIn = (said: string): string[] =>
  [...said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? "");
const HOST = "Host: localhost\r\n";
const SMUGGLED = `GET /healthz HTTP/1.1\r\n${HOST}\r\n`;

test("RFC 9112 §6.3, §11.2: a request whose length can be read in two ways is refused, and nothing behind it is taken for a request", async () => {
  const chunk = `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`;
  const ambiguous = {
    "both lengths": `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
    "two content lengths": `Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    "a length with a sign": `Content-Length: +${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    "another last coding": `Transfer-Encoding: chunked, identity\r\n\r\n${chunk}`,
    "an obscured coding": `Transfer-Encoding: xchunked\r\n\r\n${chunk}`,
    "a request behind an obscured coding": `Transfer-Encoding: xchunked\r\n\r\n${SMUGGLED}`,
    "a request behind two codings": `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${SMUGGLED}`,
    "space before the colon": `Transfer-Encoding : chunked\r\n\r\n${chunk}`,
    "a bare line feed": `Content-Length: 0\nTransfer-Encoding: chunked\n\n${chunk}`,
    "a folded line": `X: y\r\n Transfer-Encoding: chunked\r\n\r\n${chunk}`,
    "no chunk size": `Transfer-Encoding: chunked\r\n\r\nZZ\r\n${SMUGGLED}`,
  };
  for (const [what, head] of Object.entries(ambiguous)) {
    const statuses = answersIn(await raw(`POST /api/link/close HTTP/1.1\r\n${HOST}${head}`));
    assert.ok(
      statuses.every((status) => status.startsWith("4")),
      `${what}: ${statuses.join()}`,
    );
  }
});

test("RFC 9112 §3.2: without one host name, or with a foreign one in the request line, nothing is answered", async () => {
  for (const [what, text] of Object.entries({
    "no host": "GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": `GET /healthz HTTP/1.1\r\n${HOST}Host: evil.example\r\n\r\n`,
    "an older protocol without host": "GET /healthz HTTP/1.0\r\n\r\n",
    "a foreign host in the line": "GET http://evil.example/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "a NUL in the host": "GET /healthz HTTP/1.1\r\nHost: local\0host\r\n\r\n",
    "another method": `BREW /healthz HTTP/1.1\r\n${HOST}\r\n`,
    "a proxy's method": `CONNECT localhost:443 HTTP/1.1\r\n${HOST}\r\n`,
  })) {
    const statuses = answersIn(await raw(text));
    assert.ok(
      statuses.every((status) => status.startsWith("4")),
      `${what}: ${statuses.join()}`,
    );
  }
  assert.deepEqual(
    answersIn(await raw(`TRACE / HTTP/1.1\r\n${HOST}\r\n`)).filter((status) => status.startsWith("2")),
    [],
  );
  assert.deepEqual(answersIn(await raw(SMUGGLED)), ["200"]);
});

test("heads and bodies are bounded: 431 and 413, not memory", async () => {
  const head = "x".repeat(17_000);
  assert.deepEqual(answersIn(await raw(`GET /healthz HTTP/1.1\r\n${HOST}X-Large: ${head}\r\n\r\n`)), ["431"]);
  assert.deepEqual(answersIn(await raw(`GET /${head} HTTP/1.1\r\n${HOST}\r\n`)), ["431"]);
  const many = Array.from({ length: 3000 }, (_, at) => `a${at}: b\r\n`).join("");
  assert.deepEqual(answersIn(await raw(`GET /healthz HTTP/1.1\r\n${HOST}${many}\r\n`)), ["431"]);
  const large = await ask(
    house.url,
    { cookie: cookies.reader, origin: house.url },
    { method: "POST", path: "/api/link/open", body: `"${"x".repeat(1_100_000)}"` },
  );
  assert.equal(codeOf(large), "input.too-large");
  const claimed = `POST /api/link/open HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 999999999999\r\n\r\n{`;
  assert.deepEqual(answersIn(await raw(claimed)), ["413"]);
});

/** What a stream of live updates has said so far, and whether it is over. */
async function listen(cookie: string) {
  const answer = await fetch(`${house.url}/api/events`, { headers: { cookie, accept: "text/event-stream" } });
  assert.equal(answer.status, 200);
  const heard = { text: "", over: false };
  void (async () => {
    for await (const part of answer.body ?? []) heard.text += Buffer.from(part).toString();
    heard.over = true;
  })().catch(() => undefined);
  return heard;
}

async function until(what: () => boolean, said: string): Promise<void> {
  for (let turn = 0; !what(); turn++) {
    assert.ok(turn < 600, said);
    await delay(50);
  }
}

test("live updates end with the session, with the role, and when their reader works for another organisation", async () => {
  const other = await house.organisation("Another House");
  const person = await house.person(clinic, ["radiologist"]);
  await house.node.database.transaction({ organisation: other, person: person.id }, (tx) =>
    giveRole(tx, other, person.id, "radiologist"),
  );
  const ends: Record<string, (cookie: string) => Promise<unknown>> = {
    "signing out": (cookie) =>
      ask(house.url, { cookie, origin: house.url }, { method: "POST", path: "/api/auth/sign-out" }),
    "working for another": (cookie) =>
      ask(
        house.url,
        { cookie, origin: house.url },
        { method: "POST", path: "/api/session/organisation", body: JSON.stringify({ organisation: other }) },
      ),
    "losing the role": () => setRoles(house.node, systemActor(clinic, uuidv7()), { id: person.id, roles: [] }),
  };
  for (const [what, end] of Object.entries(ends)) {
    const cookie = await house.signedIn(person);
    const heard = await listen(cookie);
    const first = await house.study(clinic);
    await until(() => heard.text.includes(first.id), `${what}: the first study is not told`);
    await end(cookie);
    const later = await house.study(clinic);
    await until(() => heard.over, `${what}: the stream goes on`);
    assert.ok(!heard.text.includes(later.id), `${what}: the later study is told`);
  }
});

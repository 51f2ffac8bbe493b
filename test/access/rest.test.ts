import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { systemActor } from "#features/audit/actor.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import { resetPerson } from "#features/people/person-actions.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { AccessHouse, type Staff } from "../support/access-house.ts";
import { Phone } from "../support/people.ts";
import { ask, codeOf, type Heard } from "./ask.ts";

/** Decision 7: after a reset of the second factor sessions die; files, exports, keys and appointing others rest for 24 hours. */
let house: AccessHouse;
let clinic: string;
let who: Staff;
let cookie = "";

before(async () => {
  house = await AccessHouse.open();
  clinic = await house.organisation("Resting Clinic");
  who = await house.person(clinic, ["administrator", "radiologist"], "care", true);
});
after(() => house.close());

const send = (method: string, path: string, body?: object): Promise<Heard> =>
  ask(house.url, { cookie, origin: house.url }, { method, path, body: body && JSON.stringify(body) });

/** The whole study as its files. */
const files = (uid: string): Promise<Heard> =>
  ask(
    house.url,
    { cookie, origin: house.url },
    {
      ...{ method: "GET", path: `/dicomweb/studies/${uid}`, headers: { accept: "application/zip" } },
    },
  );

/** A browser that walks through invitation and enrolment; its cookie at the end. */
async function joinAgain(secret: string): Promise<string> {
  const cookies = new Map<string, string>();
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(house.url + path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        origin: house.url,
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200, path);
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";", 1);
      const at = pair.indexOf("=");
      if (/max-age=0\b/i.test(line)) cookies.delete(pair.slice(0, at));
      else cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer.json();
  };
  const password = "another long enough password";
  await post("/api/invitation/accept", { secret, password });
  const { totpURI } = (await post("/api/auth/two-factor/enable", { password })) as { totpURI: string };
  await post("/api/auth/two-factor/verify-totp", { code: await new Phone(totpURI).code() });
  return `safelight=${cookies.get("safelight") ?? ""}`;
}

const share = (rights: string[], study: { owner: string; id: string }): Promise<Heard> =>
  send("POST", `/api/studies/${study.owner}/${study.id}/share`, {
    ...{ subject: { kind: "link", recipient: "R" }, purpose: "care", basis: { kind: "own-care" }, rights },
    challenge: { kind: "password", password: "a word given apart" },
  });

test("before a reset keys and exports are there for who may", async () => {
  cookie = await house.signedIn(who);
  assert.equal((await send("POST", "/api/tokens", { name: "t", scopes: ["fhir.read"] })).status, 200);
  assert.equal((await send("GET", "/api/audit/export")).status, 200);
});

test("a reset ends the sessions; with new factors everything is back but keys and exports", async () => {
  const study = await house.study(clinic);
  const partner = await house.organisation("Resting Partner");
  const colleague = await house.person(clinic, ["radiologist"]);
  const second = await house.person(clinic, ["administrator"]);
  assert.equal((await files(study.uid)).status, 200);
  const { secret, user } = await resetPerson(house.node, systemActor(clinic, uuidv7()), {
    id: who.id,
    publicUrl: house.url,
  });
  await house.server.serving.signin.accounts.remove(user ?? "");
  assert.equal(codeOf(await send("GET", "/api/session")), "sign-in.required");
  await house.sql("update person set factors_reset_at = now() - interval '5 days' where id = $1", [who.id]); // the invitation lay there
  cookie = await joinAgain(secret.reveal());
  const session = JSON.parse((await send("GET", "/api/session")).body.toString()) as { restsUntil: string };
  const [reset] = await house.sql<{ at: Date }>("select factors_reset_at as at from person where id = $1", [who.id]);
  assert.equal(Date.parse(session.restsUntil) - (reset?.at.getTime() ?? 0), 24 * 3600_000);
  assert.equal((await send("GET", `/api/studies/${study.owner}/${study.id}`)).status, 200);
  assert.equal((await share(["view"], study)).status, 201);
  assert.equal((await send("GET", `/dicomweb/studies/${study.uid}/metadata`)).status, 200);
  const seen = JSON.parse((await send("GET", `/api/studies/${study.owner}/${study.id}`)).body.toString()) as {
    can: Record<string, object>;
  };
  assert.deepEqual(seen.can["download"], { allowed: false, because: "resting" });
  const paper = {
    partner,
    kind: "joint-care",
    purposes: ["care"],
    from: "2026-01-01T00:00:00Z",
    until: "2099-01-01T00:00:00Z",
  };
  const invited = { email: "second@access.example", displayName: "Second", role: "administrator" };
  for (const [refused, code] of [
    [await files(study.uid), "role.denied"],
    [await send("POST", "/api/people", invited), "role.denied"],
    [await send("PUT", `/api/people/${who.id}/roles`, { roles: ["administrator", "auditor"] }), "role.denied"],
    [await send("POST", `/api/people/${colleague.id}/reset`, {}), "role.denied"],
    [await send("DELETE", `/api/people/${second.id}`), "role.denied"],
    [await send("POST", "/api/partners", paper), "role.denied"],
    [await send("POST", "/api/tokens", { name: "t", scopes: ["fhir.read"] }), "role.denied"],
    [await send("POST", "/api/devices", { aeTitle: "NEW" }), "role.denied"],
    [await send("GET", "/api/audit/export"), "role.denied"],
    [await share(["view", "download"], study), "share.refused"],
  ] as const) {
    assert.equal(codeOf(refused), code);
    assert.equal((JSON.parse(refused.body.toString()) as { place: string }).place, "resting");
  }
  for (const table of ["device", "agreement"])
    assert.deepEqual(await house.sql(`select from ${table} where organisation = $1`, [clinic]), []);
  const open = "select from invitation where organisation = $1 and used_at is null";
  assert.deepEqual(await house.sql(open, [clinic]), []);
  assert.equal(
    (await send("DELETE", `/api/people/${colleague.id}`)).status,
    200,
    "who is no administrator can be put out",
  );
});

test("a day later keys and exports are back", async () => {
  await house.sql("update person set factors_reset_at = now() - interval '24 hours' where id = $1", [who.id]);
  await house.node.database.transaction({ organisation: clinic, person: null }, (tx) => bumpEpochs(tx, [who.id]));
  assert.equal((await send("POST", "/api/tokens", { name: "t", scopes: ["fhir.read"] })).status, 200);
  assert.equal((await send("POST", "/api/devices", { aeTitle: "NEW" })).status, 200);
  assert.equal((await send("GET", "/api/audit/export")).status, 200);
  const second = { email: "second@access.example", displayName: "Second", role: "administrator" };
  assert.equal((await send("POST", "/api/people", second)).status, 200);
  const session = JSON.parse((await send("GET", "/api/session")).body.toString()) as { restsUntil: null };
  assert.equal(session.restsUntil, null);
});

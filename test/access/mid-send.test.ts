import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { systemActor } from "#features/audit/actor.ts";
import { dismissPerson, setRoles } from "#features/people/person-actions.ts";
import { endToken } from "#features/people/tokens/actions.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { instanceOf } from "#phantoms/record/modules.ts";
import { AccessHouse } from "../support/access-house.ts";
import { anImage } from "../support/sharing.ts";
import { COUNTED, Statements } from "../support/statements.ts";
import { zipOf } from "../support/zip.ts";
import { ask, type Heard } from "./ask.ts";
import type { Credentials } from "./people.ts";

/** Who loses the right to store while a request of theirs comes in: what came before is stored, the rest is refused. */
let house: AccessHouse;
let clinic: string;

before(async () => {
  house = await AccessHouse.open();
  clinic = await house.organisation("Sending Clinic");
});
after(() => house.close());

const NOT_AUTHORISED = 0x0124; // PS3.7 annex C: as over DIMSE
let studies = 0;

/** So much of a body makes its way to the disk before the rest is there: bytes of one large image. */
const SEEN = 2_000_000;

/** `count` instances of a study of their own, their images of `size`² pixels. */
function aSending(count: number, size = 64): { uid: string; files: Buffer[] } {
  const uid = `2.25.77${++studies}`;
  const { sopClass, attributes } = anImage(size);
  const files = Array.from({ length: count }, (_, at) => {
    const about = {
      PatientName: "N^A",
      PatientID: `M${studies}`,
      StudyInstanceUID: uid,
      SeriesInstanceUID: `${uid}.1`,
    };
    return Buffer.from(instanceOf(sopClass, `${uid}.2.${at}`, { ...about, Modality: "CT", ...attributes }).part10);
  });
  return { uid, files };
}

const storedOf = async (uid: string): Promise<number> =>
  (
    await house.sql<{ count: number }>("select count(*)::integer from instance where sop_instance_uid like $1", [
      `${uid}.2.%`,
    ])
  )[0]?.count ?? -1;

/** Every object in the blob store, half-written ones too. */
const objects = (): string[] =>
  readdirSync(join(house.dataDir, "objects"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries++) {
    if (await holds()) return;
    await delay(20);
  }
  assert.fail(what);
}

/** Sends the first piece, waits for what happens between, and sends the second. */
function inTwo(
  who: Credentials,
  { method, path, headers, pieces }: { method: string; path: string; headers: object; pieces: [Buffer, Buffer] },
  between: () => Promise<unknown>,
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(house.url + path, { method, headers: { ...who, ...headers } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.on("error", reject);
    sent.write(pieces[0]);
    between().then(() => sent.end(pieces[1]), reject);
  });
}

const part = (file: Buffer): Buffer =>
  Buffer.concat([Buffer.from("--b\r\nContent-Type: application/dicom\r\n\r\n"), file, Buffer.from("\r\n")]);

/** STOW-RS of several parts; `between` comes when the first `before` of them are stored. */
async function stow(
  who: Credentials,
  { uid, files }: ReturnType<typeof aSending>,
  before: number,
  between: () => Promise<unknown>,
): Promise<Heard> {
  const whole = Buffer.concat([...files.map(part), Buffer.from("--b--")]);
  const cut = Buffer.concat(files.slice(0, before).map(part)).length + 3; // a part has ended when the next boundary is there
  return inTwo(
    who,
    {
      ...{ method: "POST", path: "/dicomweb/studies" },
      headers: {
        "content-type": 'multipart/related; type="application/dicom"; boundary=b',
        accept: "application/dicom+json",
      },
      pieces: [whole.subarray(0, cut), whole.subarray(cut)],
    },
    async () => {
      await until(async () => (await storedOf(uid)) === before, "what came before is not stored");
      await between();
    },
  );
}

/** A ZIP from the page; `between` comes when the server is taking it in. */
async function upload(cookie: string, { files }: ReturnType<typeof aSending>, between: () => Promise<unknown>) {
  const who = { cookie, origin: house.url };
  const begun = await ask(house.url, who, { method: "POST", path: "/api/uploads", body: "{}" });
  const { id } = JSON.parse(begun.body.toString()) as { id: string };
  const zip = await zipOf(Object.fromEntries(files.map((file, at) => [`${at}.dcm`, file])));
  const before = objects().length;
  const heard = await inTwo(
    who,
    {
      ...{ method: "PUT", path: `/api/uploads/${id}/files/0`, headers: { "content-type": "application/zip" } },
      pieces: [zip.subarray(0, SEEN), zip.subarray(SEEN)],
    },
    async () => {
      await until(() => objects().length > before, "the archive is not being kept");
      await between();
    },
  );
  return { id, heard };
}

type Answer = Record<string, { Value?: Record<string, { Value?: unknown[] }>[] }>;
const stowed = ({ body }: Heard) => {
  const answer = JSON.parse(body.toString()) as Answer;
  return {
    stored: answer["00081199"]?.Value?.length ?? 0,
    failed: (answer["00081198"]?.Value ?? []).map((item) => item["00081197"]?.Value?.[0]),
  };
};

test("a token that is revoked in the middle of STOW-RS stores what came before and nothing after", async () => {
  const { id, secret } = await house.token(clinic, ["dicomweb.write"]);
  const sending = aSending(4);
  const before = objects();
  const heard = await stow({ authorization: `Bearer ${secret}` }, sending, 2, () =>
    endToken(house.node, systemActor(clinic, "test"), { id }),
  );
  assert.equal(heard.status, 202);
  assert.deepEqual(stowed(heard), { stored: 2, failed: [NOT_AUTHORISED, NOT_AUTHORISED] });
  assert.equal(await storedOf(sending.uid), 2);
  assert.equal(objects().length, before.length + 2, "nothing of what was refused stays behind");
});

test("a token whose time is over in the middle of STOW-RS stores what came before and nothing after", async (context) => {
  const { secret } = await house.token(clinic, ["dicomweb.write"]);
  const sending = aSending(2);
  const heard = await stow({ authorization: `Bearer ${secret}` }, sending, 1, () => {
    context.mock.timers.enable({ apis: ["Date"], now: Date.now() + 25 * 3_600_000 }); // it was for a day
    return Promise.resolve();
  });
  context.mock.timers.reset();
  assert.deepEqual([heard.status, stowed(heard)], [202, { stored: 1, failed: [NOT_AUTHORISED] }]);
  assert.equal(await storedOf(sending.uid), 1);
});

test("a token that ended before the only part came to its end is answered as one that never was", async () => {
  const { id, secret } = await house.token(clinic, ["dicomweb.write"]);
  const { uid, files } = aSending(1, 1024);
  const before = objects();
  const whole = part(files[0] ?? Buffer.alloc(0));
  const heard = await inTwo(
    { authorization: `Bearer ${secret}` },
    {
      ...{ method: "POST", path: "/dicomweb/studies" },
      headers: { "content-type": 'multipart/related; type="application/dicom"; boundary=b' },
      pieces: [whole.subarray(0, SEEN), Buffer.concat([whole.subarray(SEEN), Buffer.from("--b--")])],
    },
    async () => {
      await until(() => objects().length > before.length, "the part is not being taken in");
      await endToken(house.node, systemActor(clinic, "test"), { id });
    },
  );
  assert.equal(heard.status, 401);
  assert.equal(await storedOf(uid), 0);
  assert.deepEqual(objects(), before);
});

test("somebody who is dismissed, or loses the role, while their archive comes in stores nothing of it", async () => {
  const ends: [number, (id: string) => Promise<unknown>][] = [
    [401, (id) => dismissPerson(house.node, systemActor(clinic, "test"), { id })],
    [403, (id) => setRoles(house.node, systemActor(clinic, "test"), { id, roles: ["referrer"] })],
  ];
  for (const [status, end] of ends) {
    const person = await house.person(clinic, ["radiologist"]);
    const sending = aSending(5, 1024);
    const before = objects();
    const { id, heard } = await upload(await house.signedIn(person), sending, () => end(person.id));
    assert.equal(heard.status, status);
    assert.equal(await storedOf(sending.uid), 0);
    assert.deepEqual(objects(), before, "neither files nor the archive stay");
    assert.deepEqual(await house.sql("select from upload_file where upload = $1", [id]), []);
  }
});

test("an upload that takes longer than the idle time goes on, and is itself no activity", async () => {
  const person = await house.person(clinic, ["radiographer"]);
  const sending = aSending(3, 1024);
  const cookie = await house.signedIn(person);
  const seen = () =>
    house.sql<{ at: Date }>(
      `select last_seen_at as at from auth.session_proof p join auth."session" s on s."id" = p.session where s."userId" = $1`,
      [person.user],
    );
  const { heard } = await upload(cookie, sending, () =>
    house.sql(
      `update auth.session_proof set last_seen_at = now() - interval '40 minutes' where session in (select "id" from auth."session" where "userId" = $1)`,
      [person.user],
    ),
  );
  const [away] = await seen();
  assert.equal(heard.status, 200, heard.body.toString());
  assert.equal(await storedOf(sending.uid), 3);
  assert.ok(Date.now() - (away?.at.getTime() ?? 0) > 39 * 60_000, "judging again notes nobody");
  const next = await ask(house.url, { cookie }, { method: "GET", path: "/api/session" });
  assert.equal(next.status, 401, "and what is begun anew is refused as ever");
});

test("judging a token again asks for the policy epoch and nothing more", async () => {
  const { secret } = await house.token(clinic, ["dicomweb.write"]);
  const statements = new Statements();
  statements.begin();
  const of = async (count: number) => {
    const name = uuidv7();
    await stow({ authorization: `Bearer ${secret}`, [COUNTED]: name }, aSending(count), 0, () => Promise.resolve());
    return statements.of(name);
  };
  try {
    await of(1); // the token is read once
    const [few, many] = [await of(2), await of(5)];
    const about = (said: string[], what: string) => said.filter((text) => text.includes(what)).length;
    assert.equal(
      about(many, "epoch from policy_epoch where subject = any") -
        about(few, "epoch from policy_epoch where subject = any"),
      3,
    );
    for (const table of ["token", "membership", "session"])
      assert.equal(about(many, `from ${table}`), about(few, `from ${table}`), table);
  } finally {
    statements.end();
  }
});

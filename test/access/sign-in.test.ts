import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enrolSecondFactor } from "#features/people/signin/enrol.ts";
import { AccessHouse, type Staff } from "../support/access-house.ts";
import { Phone } from "../support/people.ts";
import { ask, codeOf, type Heard, inTurns } from "./ask.ts";

/**
 * Acceptance 5: every sign-in route that the running server has is tried on an account with TOTP by somebody who knows its
 * password and everything the database holds. Only the code opens.
 */
let house: AccessHouse;
let clinic: string;
const PASSWORD = "correct horse battery staple";

before(async () => {
  house = await AccessHouse.open({ SAFELIGHT_TRUSTED_PROXIES: "127.0.0.1" });
  clinic = await house.organisation("Clinic with factors");
});
after(() => house.close());

let addresses = 0;
/** A browser at an address of its own: tries are counted by address. */
class Visitor {
  readonly cookies = new Map<string, string>();
  readonly #address = `203.0.113.${++addresses}`;

  async send(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Heard> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const heard = await ask(house.url, cookie === "" ? {} : { cookie }, {
      ...{ method, path, body: body && JSON.stringify(body) },
      headers: { origin: house.url, "x-forwarded-for": this.#address, ...headers },
    });
    for (const line of [heard.headers["set-cookie"] ?? []].flat()) {
      const [pair = ""] = line.split(";", 1);
      const at = pair.indexOf("=");
      if (/max-age=0\b/i.test(line)) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return heard;
  }

  password({ email }: Staff, password = PASSWORD): Promise<Heard> {
    return this.send("POST", "/api/auth/sign-in/email", { email, password });
  }

  async isIn(): Promise<boolean> {
    return (await this.send("GET", "/api/session")).status === 200;
  }
}

/** An account with password and TOTP. The hash is the first one's: making one takes a fifth of a second. */
async function withTotp(): Promise<{ who: Staff; phone: Phone }> {
  const [first] = await house.sql<{ password: string }>(`select password from auth.account limit 1`);
  const who = await house.person(clinic, ["radiologist"], "care", first === undefined);
  if (first !== undefined)
    await house.sql(
      `insert into auth.account (id, "accountId", "providerId", "userId", password, "updatedAt") values ($1, $1, 'credential', $1, $2, now())`,
      [who.user, first.password],
    );
  const secret = await enrolSecondFactor(house.server.serving.signin.place, who.user);
  return { who, phone: new Phone(`otpauth://totp/x?secret=${secret.reveal()}`) };
}

/** Bodies an attacker may send: what he knows, and what routes of this kind have been known to take. */
const bodies = ({ email }: Staff) => [
  {},
  { email, password: PASSWORD, rememberMe: true, callbackURL: "/" },
  { code: "000000", trustDevice: true },
  { password: PASSWORD },
  { currentPassword: PASSWORD, newPassword: "another long enough password" },
  { response: { id: "AA", rawId: "AA", type: "public-key", response: {}, clientExtensionResults: {} } },
];

/** What somebody who has read the database holds of an account. */
async function stolenFrom({ user }: Staff): Promise<string[]> {
  const [row] = await house.sql<{ token: string; hash: Buffer; secret: string; codes: string }>(
    `select s.token, p.secret_hash as hash, f.secret, f."backupCodes" as codes from auth.session s
     join auth.session_proof p on p.session = s.id join auth."twoFactor" f on f."userId" = s."userId" where s."userId" = $1`,
    [user],
  );
  return row === undefined ? [] : [row.token, row.hash.toString("base64url"), row.secret, row.codes];
}

const COOKIES = ["safelight", "safelight-auth.session_token", "safelight-auth.two_factor"];

test("no route of the sign-in opens an account with TOTP to its password, its stored sessions or a stored secret", async () => {
  const routes = house.routes.filter(({ method, url }) => url.startsWith("/api/auth/") && method !== "HEAD");
  assert.ok(routes.length >= 12);
  await inTurns(routes, 16, async ({ method, url }) => {
    const [{ who: known }, { who: robbed }] = [await withTotp(), await withTotp()];
    const [knowing, thief] = [new Visitor(), new Visitor()];
    await knowing.password(known); // fewer wrong answers follow than would close the account
    await house.signedIn(robbed);
    const stolen = await stolenFrom(robbed);
    assert.equal(stolen.length, 4);
    for (const [at, body] of (method === "GET" ? [undefined] : bodies(known)).entries()) {
      await opensNothing(knowing, await knowing.send(method, url, body), `${method} ${url} ${JSON.stringify(body)}`);
      const one = stolen[at % 4] ?? "";
      for (const name of COOKIES) thief.cookies.set(name, one);
      await opensNothing(thief, await thief.send(method, url, body), `a thief, ${method} ${url}`);
      const bearer = await new Visitor().send("GET", "/api/session", undefined, { authorization: `Bearer ${one}` });
      assert.equal(codeOf(bearer), "sign-in.required");
    }
  });
});

async function opensNothing(visitor: Visitor, heard: Heard, said: string): Promise<void> {
  const lines = [heard.headers["set-cookie"] ?? []].flat();
  assert.ok(!lines.some((line) => /^safelight=[^;]/.test(line)), said);
  assert.notEqual(heard.status, 500, said);
  assert.equal(await visitor.isIn(), false, said);
}

test("after the password the code opens, once, and nothing but the code", async () => {
  const { who, phone } = await withTotp();
  const visitor = new Visitor();
  assert.equal((await visitor.password(who)).status, 200);
  assert.equal(await visitor.isIn(), false);
  const code = await phone.code();
  assert.equal((await visitor.send("POST", "/api/auth/two-factor/verify-totp", { code })).status, 200);
  assert.ok(await visitor.isIn());
  const second = new Visitor();
  await second.password(who);
  assert.equal(codeOf(await second.send("POST", "/api/auth/two-factor/verify-totp", { code })), "sign-in.failed");
  assert.equal(await second.isIn(), false);
});

test("twelve wrong passwords at the same moment are twelve tries: ten are judged, then the account is closed to the right one too", async () => {
  const { who } = await withTotp();
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => new Visitor().password(who, "not the right password")),
  );
  const codes = answers.map(codeOf);
  assert.ok(codes.filter((code) => code === "sign-in.failed").length <= 10, codes.join());
  assert.ok(codes.filter((code) => code === "rate.limited").length >= 2, codes.join());
  const closed = await new Visitor().password(who);
  assert.equal(codeOf(closed), "rate.limited");
  assert.match(String(closed.headers["retry-after"]), /^\d+$/);
});

test("what opens something is stored as a hash: no table holds a secret that was given out", async () => {
  const { who } = await withTotp();
  const cookie = (await house.signedIn(who)).split("=")[1] ?? "";
  const { secret: token } = await house.token(clinic, ["dicomweb.read"]);
  const tables = await house.sql<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_schema in ('public', 'auth', 'graphile_worker') and table_type = 'BASE TABLE'`,
  );
  assert.ok(tables.length > 40);
  for (const { name } of tables) {
    const rows = await house.sql<{ row: string }>(`select row_to_json(t)::text as row from ${name} t`);
    for (const { row } of rows)
      for (const secret of [cookie, token]) {
        assert.ok(!row.includes(secret), name);
        assert.ok(!row.includes(Buffer.from(secret, "base64url").toString("hex")), name);
      }
  }
});

import { createHash, randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { createOTP } from "@better-auth/utils/otp";
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from "fastify";
import type { Role } from "#contract/words.ts";
import type { World } from "#features/audit/action.ts";
import { Epochs } from "#features/keys/epochs.ts";
import { Keyring } from "#features/keys/keyring.ts";
import { type Authenticate, authenticator } from "#features/people/authenticate.ts";
import { createOrganisation } from "#features/people/organisation-actions.ts";
import { bindCredentials, giveRole, insertPerson } from "#features/people/person-queries.ts";
import { addSigninRoutes } from "#features/people/signin/mount.ts";
import { Signin } from "#features/people/signin/signin.ts";
import { Strangers } from "#features/people/strangers.ts";
import { TokenDoor } from "#features/people/tokens/door.ts";
import { Hidden } from "#kit/hidden.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { createHttp } from "#platform/http/server.ts";
import { openLog } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";
import type { Database } from "#platform/postgres/db.ts";
import { newKey } from "#trust/keys/wrap.ts";
import { wrapperFromKey } from "#trust/keys/wrapper.ts";

export const ORIGIN = "http://localhost:8080";
export const PASSWORD = "correct horse battery staple";

/** A world of its own over a test database, with keys that nobody keeps. */
export function testWorld(database: Database): World {
  const keyring = new Keyring({ wrappers: [wrapperFromKey(newKey(), "test")], now: () => new Date() });
  return { database, keyring, random: randomBytes, pepper: newKey() };
}

export type PeopleHouse = {
  world: World;
  signin: Signin;
  epochs: Epochs;
  strangers: Strangers;
  authenticate: Authenticate;
  app: FastifyInstance;
};

/** A hash for tests that are not about passwords: the real one takes a fifth of a second each time. */
const quickPasswords = {
  hash: (password: Hidden<string>) => Promise.resolve(createHash("sha256").update(password.reveal()).digest("hex")),
  verify: async (password: Hidden<string>, hash: string) => (await quickPasswords.hash(password)) === hash,
};

/** Sign-in and its routes on a server that does not listen. */
export function peopleHouse(
  database: Database,
  options: { secure?: boolean; refusalMs?: number; routes?: boolean; slowPasswords?: boolean } = {},
): PeopleHouse {
  const world = testWorld(database);
  const epochs = new Epochs(database);
  const strangers = new Strangers(world);
  const secret = new Hidden(randomBytes(32).toString("hex"));
  const publicUrl = options.secure ? "https://localhost:8080" : ORIGIN;
  const signin = new Signin({
    world,
    epochs,
    strangers,
    secret,
    secure: options.secure ?? false,
    publicUrl: () => publicUrl,
    refusalMs: options.refusalMs ?? 0,
    ...(options.slowPasswords ? {} : { passwords: quickPasswords }),
  });
  const app = createHttp({
    config: { trustedProxies: [], tlsCert: undefined, tlsKey: undefined, publicUrl },
    log: openLog({ level: "silent" }),
    metrics: openMetrics({ ofProcess: false }),
  });
  if (options.routes !== false) addSigninRoutes(app, signin);
  return { world, signin, epochs, strangers, authenticate: authenticator(signin, new TokenDoor(world, epochs)), app };
}

let counter = 0;

/** An organisation with its own key and record. */
export async function anOrganisation(world: World, name = `Clinic ${process.pid} ${++counter}`): Promise<string> {
  return (await createOrganisation(world, { name }, "test")).id;
}

export type TestPerson = { id: string; user: string; email: string; organisation: string };

/** A person with a password and no second factor yet. */
export async function aPerson(
  house: PeopleHouse,
  organisation: string,
  role: Role = "radiologist",
): Promise<TestPerson> {
  const email = `person-${process.pid}-${++counter}@example.org`;
  const id = uuidv7();
  const user = await house.signin.accounts.create(email, PASSWORD);
  await house.world.database.transaction({ organisation, person: id }, async (tx) => {
    await insertPerson(tx, { id, email, displayName: `Person ${counter}` });
    await bindCredentials(tx, id, user);
    await giveRole(tx, organisation, id, role);
  });
  return { id, user, email, organisation };
}

/** A browser: keeps cookies, says where its requests come from. */
export class TestBrowser {
  readonly cookies = new Map<string, string>();
  readonly #app: FastifyInstance;
  readonly #origin: string;

  constructor(app: FastifyInstance, origin = ORIGIN) {
    this.#app = app;
    this.#origin = origin;
  }

  async ask(
    method: NonNullable<InjectOptions["method"]>,
    url: string,
    payload?: object,
    headers: Record<string, string> = {},
  ): Promise<LightMyRequestResponse> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await this.#app.inject({
      method,
      url,
      headers: {
        host: new URL(this.#origin).host,
        origin: this.#origin,
        ...(cookie === "" ? {} : { cookie }),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload }),
    });
    for (const line of [response.headers["set-cookie"] ?? []].flat()) this.#keep(line);
    return response;
  }

  post(url: string, payload: object = {}): Promise<LightMyRequestResponse> {
    return this.ask("POST", url, payload);
  }

  get(url: string): Promise<LightMyRequestResponse> {
    return this.ask("GET", url);
  }

  #keep(line: string): void {
    const [pair = ""] = line.split(";", 1);
    const at = pair.indexOf("=");
    if (/max-age=0\b/i.test(line)) this.cookies.delete(pair.slice(0, at));
    else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

const STEP_MS = 30_000;
const TO_TYPE_MS = 3_000;

/** The authenticator app on the person's phone: each call gives a code of a later time step than the one before, as long as the server takes it. */
export class Phone {
  readonly #secret: string;
  #last = 0;

  /** `uri` is what the QR code says. */
  constructor(uri: string) {
    const base32 = new URL(uri).searchParams.get("secret") ?? "";
    this.#secret = Buffer.from(fromBase32(base32)).toString("utf8");
  }

  async code(): Promise<string> {
    const left = STEP_MS - (Date.now() % STEP_MS);
    if (left < TO_TYPE_MS) await setTimeout(left); // a code of the step before would be too old on its arrival
    const step = Math.max(Math.floor(Date.now() / STEP_MS) - 1, this.#last + 1);
    this.#last = step;
    return createOTP(this.#secret, { digits: 6, period: 30 }).hotp(step);
  }
}

function fromBase32(text: string): Uint8Array {
  const bits = [...text]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}

/** Password, then enrolment of the second factor: signed in at the end. */
export async function enrol(
  house: PeopleHouse,
  person: TestPerson,
  browser = new TestBrowser(house.app),
): Promise<{ browser: TestBrowser; phone: Phone; backupCodes: string[] }> {
  await browser.post("/api/auth/sign-in/email", { email: person.email, password: PASSWORD });
  const enrolment = (await browser.post("/api/auth/two-factor/enable", { password: PASSWORD })).json<{
    totpURI: string;
    backupCodes: string[];
  }>();
  const phone = new Phone(enrolment.totpURI);
  const done = await browser.post("/api/auth/two-factor/verify-totp", { code: await phone.code() });
  if (done.statusCode !== 200) throw new Error(`enrolment answered ${done.statusCode} ${done.body}`);
  return { browser, phone, backupCodes: enrolment.backupCodes };
}

import { channel } from "node:diagnostics_channel";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Purpose, Right, Role, TokenScope } from "#contract/words.ts";
import { type Actor, systemActor } from "#features/audit/actor.ts";
import { createOrganisation } from "#features/people/organisation-actions.ts";
import { bindCredentials, giveRole, insertPerson } from "#features/people/person-queries.ts";
import { createToken } from "#features/people/tokens/actions.ts";
import { shareStudy } from "#features/sharing/actions.ts";
import { recordAgreement } from "#features/sharing/agreement-actions.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { readConfig } from "#platform/config.ts";
import { openServer, type Server } from "#programs/serve.ts";
import { aStudy, type TestStudy } from "./sharing.ts";

const PASSWORD = "correct horse battery staple";
const YEAR_MS = 365 * 86_400_000;

/** A method and pattern that the running server answers. */
export type RunningRoute = { method: string; url: string };
export type Staff = Extract<Actor, { kind: "person" }> & { email: string; user: string };

/** The whole server in this process, on free ports and a data directory of its own, as `safelight serve` opens it. */
export class AccessHouse {
  readonly server: Server;
  readonly dataDir: string;
  /** Every route the server answers, as Fastify's own table has them. */
  readonly routes: readonly RunningRoute[];
  #people = 0;

  private constructor(server: Server, dataDir: string, routes: readonly RunningRoute[]) {
    this.server = server;
    this.dataDir = dataDir;
    this.routes = routes;
  }

  static async open(env: Record<string, string> = {}): Promise<AccessHouse> {
    const dataDir = mkdtempSync(join(tmpdir(), "safelight-access-"));
    const routes: RunningRoute[] = [];
    const starting = channel("fastify.initialization");
    const watch = (message: unknown): void => {
      (message as { fastify: FastifyInstance }).fastify.addHook("onRoute", ({ method, url }) => {
        for (const one of [method].flat()) routes.push({ method: one, url });
      });
    };
    starting.subscribe(watch);
    try {
      const server = await openServer(
        readConfig({
          env: {
            SAFELIGHT_DATA_DIR: dataDir,
            SAFELIGHT_HTTP_PORT: "0",
            SAFELIGHT_DICOM_TLS_PORT: "0",
            SAFELIGHT_LOG_LEVEL: "silent",
            SAFELIGHT_METRICS_TOKEN: "of-the-operator",
            ...env,
          },
          cwd: dataDir,
        }),
      );
      return new AccessHouse(server, dataDir, routes);
    } finally {
      starting.unsubscribe(watch);
    }
  }

  async close(): Promise<void> {
    await this.server.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  get node() {
    return this.server.serving.node;
  }

  get url(): string {
    return this.server.url;
  }

  async organisation(name: string): Promise<string> {
    return (await createOrganisation(this.node, { name }, uuidv7())).id;
  }

  /** Somebody who works for an organisation in these roles; with a password where one is to be typed. */
  async person(organisation: string, roles: readonly Role[], purpose: Purpose = "care", typed = false): Promise<Staff> {
    const id = uuidv7();
    const email = `${roles[0] ?? "nobody"}-${++this.#people}@access.example`;
    const user = typed ? await this.server.serving.signin.accounts.create(email, PASSWORD) : await this.#user(email);
    await this.node.database.transaction({ organisation, person: id }, async (tx) => {
      await insertPerson(tx, { id, email, displayName: `Person ${this.#people}` });
      await bindCredentials(tx, id, user);
      for (const role of roles) await giveRole(tx, organisation, id, role);
    });
    return { kind: "person", id, organisation, roles, purpose, session: uuidv7(), email, user };
  }

  /** Hashing a password takes a fifth of a second, so that guessing takes long. */
  async #user(email: string): Promise<string> {
    const id = uuidv7();
    await this.sql(`insert into auth."user" (id, name, email, "emailVerified") values ($1, '', $2, true)`, [id, email]);
    return id;
  }

  /** The cookie of a session whose both factors held. */
  async signedIn({ user, organisation }: Staff): Promise<string> {
    const { accounts, sessions } = this.server.serving.signin;
    const { id } = await accounts.openSession(user);
    return `safelight=${(await sessions.prove(id, "password+totp", organisation)).reveal()}`;
  }

  /** The cookies of a browser in which only the password was given. */
  async halfSignedIn({ email }: Staff): Promise<string> {
    const answer = await fetch(`${this.url}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: this.url },
      body: JSON.stringify({ email, password: PASSWORD }),
    });
    await answer.body?.cancel();
    return answer.headers
      .getSetCookie()
      .map((line) => line.split(";", 1).join())
      .join("; ");
  }

  async token(
    organisation: string,
    scopes: readonly TokenScope[],
    purpose: Purpose = "care",
  ): Promise<{ id: string; secret: string }> {
    const made = await createToken(this.node, systemActor(organisation, uuidv7()), {
      ...{ name: scopes.join(" "), scopes: [...scopes], purpose, expiresInDays: 1 },
    });
    return { id: made.id, secret: made.secret.reveal() };
  }

  agreement(owner: string, partner: string, purposes: readonly Purpose[]): Promise<{ id: string }> {
    return recordAgreement(this.node, systemActor(owner, uuidv7()), {
      ...{ partner, kind: "joint-care", reference: "", purposes: [...purposes], countries: [] },
      ...{ from: new Date(Date.now() - 60_000).toISOString(), until: new Date(Date.now() + YEAR_MS).toISOString() },
    });
  }

  /** A grant to another organisation under an agreement. */
  async grant(
    by: Staff,
    study: TestStudy,
    to: { organisation: string; agreement: string; rights: readonly Right[]; purpose?: Purpose },
  ): Promise<string> {
    const { grant } = await shareStudy(this.node, by, {
      ...{ owner: study.owner, study: study.id, subject: { kind: "organisation", id: to.organisation } },
      ...{ purpose: to.purpose ?? "care", basis: { kind: "agreement", id: to.agreement }, rights: [...to.rights] },
    });
    return grant;
  }

  study(owner: string, ...more: Parameters<typeof aStudy> extends [unknown, unknown, ...infer R] ? R : never) {
    return aStudy(this.node, owner, ...more);
  }

  /** As the superuser of the database does it: time passes, rows are stolen. */
  async sql<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.node.database.owner.query(text, [...values])).rows as Row[];
  }
}

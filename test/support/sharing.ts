import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { FastifyInstance, FastifyRequest, InjectOptions, LightMyRequestResponse } from "fastify";
import type { Purpose, Role } from "#contract/words.ts";
import { type Actor, systemActor } from "#features/audit/actor.ts";
import { addConsentHttp } from "#features/consent/http.ts";
import { giveRole, insertPerson } from "#features/people/person-queries.ts";
import { Strangers } from "#features/people/strangers.ts";
import { addReportsHttp } from "#features/reports/http.ts";
import { addAgreementHttp } from "#features/sharing/agreement-http.ts";
import { Gate } from "#features/sharing/gate.ts";
import { addSharingHttp } from "#features/sharing/http.ts";
import { Reads } from "#features/sharing/reads.ts";
import { receiveInstance } from "#features/studies/actions.ts";
import { addDicomweb } from "#features/studies/dicomweb/routes.ts";
import { Indexer } from "#features/studies/indexer.ts";
import type { LinkReports } from "#features/studies/link/door.ts";
import { addLinkHttp } from "#features/studies/link/http.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { instanceOf } from "#phantoms/record/modules.ts";
import { openDirectory } from "#platform/blobs/directory.ts";
import { openDecoders } from "#platform/decoders/decoders.ts";
import { createHttp } from "#platform/http/server.ts";
import { openLog } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";
import type { Database } from "#platform/postgres/db.ts";
import type { Attributes } from "#standards/dicom/build.ts";
import { ORIGIN, testWorld } from "./people.ts";

/** A server of sharing, consent, reports and links that does not listen; whoever a request says to be is believed. */
export type SharingHouse = {
  world: StudiesWorld;
  gate: Gate;
  reads: Reads;
  app: FastifyInstance;
  as(who: Actor): Caller;
};

const closing: (() => Promise<void>)[] = [];

after(async () => {
  for (const close of closing) await close();
});

const NO_REPORTS: LinkReports = { read: () => Promise.resolve(null), print: () => Promise.resolve(null) };

export async function sharingHouse(
  database: Database,
  options: { reports?: LinkReports; publicUrl?: string; keys?: Pick<StudiesWorld, "keyring" | "pepper"> } = {},
): Promise<SharingHouse> {
  const root = mkdtempSync(join(tmpdir(), "safelight-share-"));
  const blobs = await openDirectory({ root });
  const decoders = openDecoders({ size: 1, memoryLimit: 2 ** 30, timeLimit: 60_000 });
  const base = { ...testWorld(database), ...options.keys, blobs, decoders };
  const world: StudiesWorld = { ...base, indexer: new Indexer(base) };
  const [gate, reads, strangers] = [new Gate(world), new Reads(world), new Strangers(world)];
  const publicUrl = options.publicUrl ?? ORIGIN;
  const app = createHttp({
    config: { trustedProxies: ["127.0.0.1"], tlsCert: undefined, tlsKey: undefined, publicUrl },
    log: openLog({ level: "silent" }),
    metrics: openMetrics({ ofProcess: false }),
  });
  const actors = new Map<string, Actor>();
  const authenticate = (request: FastifyRequest) =>
    Promise.resolve(actors.get(String(request.headers["x-who"])) ?? null);
  await addDicomweb(app, { world, gate, reads, authenticate });
  addConsentHttp(app, { world, authenticate });
  addAgreementHttp(app, { world, authenticate });
  addSharingHttp(app, { world, authenticate, publicUrl: () => publicUrl });
  addReportsHttp(app, { world, authenticate });
  addLinkHttp(app, {
    world,
    gate,
    reads,
    strangers,
    reports: options.reports ?? NO_REPORTS,
    publicUrl: () => publicUrl,
  });
  closing.push(async () => {
    await app.close();
    await reads.drain();
    await strangers.drain();
    await decoders.close();
    rmSync(root, { recursive: true, force: true });
  });
  return {
    ...{ world, gate, reads, app },
    as(who) {
      const name = nameOf(who);
      actors.set(name, who);
      return new Caller(app, { "x-who": name, host: new URL(publicUrl).host, origin: publicUrl });
    },
  };
}

const nameOf = (who: Actor): string => `${who.kind}/${who.id ?? ""}/${who.session}`;

/** Asks this house over DICOMweb as somebody it knows. */
export function dicomwebOf(house: SharingHouse, who: Actor) {
  house.as(who);
  return (
    url: string,
    headers: Record<string, string> = {},
    more: InjectOptions = {},
  ): Promise<LightMyRequestResponse> =>
    house.app.inject({
      url: `/dicomweb${url}`,
      ...more,
      headers: { "x-who": nameOf(who), host: "localhost", ...headers },
    });
}

/** Somebody who asks, with their cookie if they were given one. */
export class Caller {
  readonly #app: FastifyInstance;
  readonly #headers: Record<string, string>;
  cookie = "";

  constructor(app: FastifyInstance, headers: Record<string, string>) {
    this.#app = app;
    this.#headers = headers;
  }

  async ask(method: "GET" | "POST" | "PUT" | "DELETE", url: string, payload?: object): Promise<LightMyRequestResponse> {
    const cookie = this.cookie === "" ? {} : { cookie: this.cookie };
    const answer = await this.#app.inject({
      method,
      url,
      headers: { ...this.#headers, ...cookie },
      ...(payload === undefined ? {} : { payload }),
    });
    const [set] = [answer.headers["set-cookie"] ?? []].flat();
    if (set !== undefined) this.cookie = set.includes("Max-Age=0") ? "" : (set.split(";")[0] ?? "");
    return answer;
  }

  get(url: string): Promise<LightMyRequestResponse> {
    return this.ask("GET", url);
  }

  post(url: string, payload: object = {}): Promise<LightMyRequestResponse> {
    return this.ask("POST", url, payload);
  }
}

/** A stranger with a browser, at an address of their own so that attempts of one test do not count for another. */
export function aBrowser(house: SharingHouse, publicUrl = ORIGIN): Caller {
  const address = `2001:db8:${(++browsers).toString(16)}::1`;
  return new Caller(house.app, { host: new URL(publicUrl).host, origin: publicUrl, "x-forwarded-for": address });
}
let browsers = Math.floor(Math.random() * 30_000);

let people = 0;

/** A person who works for an organisation in these roles, as an actor of a session. */
export async function aColleague(
  world: StudiesWorld,
  organisation: string,
  roles: readonly Role[] = ["radiologist"],
  purpose: Purpose = "care",
): Promise<Extract<Actor, { kind: "person" }>> {
  const id = uuidv7();
  const number = ++people;
  await world.database.transaction({ organisation, person: id }, async (tx) => {
    await insertPerson(tx, {
      id,
      email: `colleague-${process.pid}-${number}@example.org`,
      displayName: `Colleague ${number}`,
    });
    for (const role of roles) await giveRole(tx, organisation, id, role);
  });
  return { kind: "person", id, organisation, roles, purpose, session: uuidv7() };
}

export type TestStudy = { owner: string; id: string; uid: string; patient: string };

let studies = 0;

/** Stores a study of the given instances: attributes of each beside what every instance has. */
export async function aStudy(
  world: StudiesWorld,
  owner: string,
  instances: readonly { sopClass: string; attributes: Attributes }[] = [anImage()],
  about: Attributes = {},
): Promise<TestStudy> {
  const number = ++studies;
  const uid = `2.25.${process.pid}${Date.now()}${number}`;
  for (const [at, { sopClass, attributes }] of instances.entries()) {
    const { part10 } = instanceOf(sopClass, `${uid}.${at + 1}`, {
      ...{ PatientName: "Nkosi^Ayanda", PatientID: `P${number}`, PatientBirthDate: "19870419", PatientSex: "F" },
      ...{ StudyInstanceUID: uid, StudyDate: "20261120", StudyTime: "0900", StudyDescription: "CT head" },
      ...{ SeriesInstanceUID: `${uid}.0.1`, SeriesNumber: 1, Modality: "CT", InstanceNumber: at + 1 },
      ...attributes,
      ...about,
    });
    await receiveInstance(world, systemActor(owner, "test"), { bytes: once(part10), bare: null, source: "test" });
  }
  const row = await world.database.read({ organisation: owner, person: null }, (tx) =>
    tx
      .selectFrom("study")
      .select(["id", "patient"])
      .where("organisation", "=", owner)
      .where("study_uid", "=", uid)
      .executeTakeFirstOrThrow(),
  );
  return { owner, id: row.id, uid, patient: row.patient };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A small CT slice in Hounsfield units whose pixels are known: `size`² of noise over −1000…1500. */
export function anImage(size = 32, seed = 1): { sopClass: string; attributes: Attributes } {
  let state = seed;
  const samples = Int16Array.from({ length: size * size }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return ((state >> 8) % 2500) - 1000;
  });
  return {
    sopClass: "1.2.840.10008.5.1.4.1.1.2",
    attributes: {
      ...{ SamplesPerPixel: 1, PhotometricInterpretation: "MONOCHROME2", Rows: size, Columns: size },
      ...{ BitsAllocated: 16, BitsStored: 16, HighBit: 15, PixelRepresentation: 1 },
      ...{ RescaleIntercept: 0, RescaleSlope: 1, RescaleType: "HU", WindowCenter: 40, WindowWidth: 400 },
      "PixelData:OW": new Uint8Array(samples.buffer),
    },
  };
}

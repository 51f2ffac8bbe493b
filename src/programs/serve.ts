import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { sql } from "kysely";
import { Sequencer } from "#features/audit/ledger/sequencer.ts";
import { WitnessFolder } from "#features/audit/ledger/witness.ts";
import { JournalFeed } from "#features/compliance/journal/feed.ts";
import { Journal } from "#features/compliance/journal/journal.ts";
import { authenticator } from "#features/people/authenticate.ts";
import { Setup } from "#features/people/joining/setup.ts";
import { Signin } from "#features/people/signin/signin.ts";
import { Strangers } from "#features/people/strangers.ts";
import { TokenDoor } from "#features/people/tokens/door.ts";
import { Reads } from "#features/sharing/reads.ts";
import { type Config, publicUrl } from "#platform/config.ts";
import { openEvents } from "#platform/events.ts";
import { addCors } from "#platform/http/cors.ts";
import { addHealth } from "#platform/http/health.ts";
import { addPages } from "#platform/http/pages.ts";
import { createHttp } from "#platform/http/server.ts";
import { startJobs } from "#platform/jobs.ts";
import { openLog } from "#platform/log.ts";
import type { Deliver } from "#platform/mail.ts";
import { openMetrics } from "#platform/metrics.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { recoveryKeyOf } from "#trust/keys/master.ts";
import { leaveAddress } from "./address.ts";
import { openCertificates } from "./certificates.ts";
import type { Command } from "./command.ts";
import { openDicom } from "./dicom.ts";
import { listen } from "./listen.ts";
import { type Node, openNode } from "./node.ts";
import { openOhif } from "./ohif.ts";
import { addRoutes, CRONTAB, ENTRY_PAGES, type Ports, type Serving, tasksOf, WIRE_PATHS } from "./routes.ts";

export type Server = {
  ports: Ports;
  url: string;
  /** First start: the page that sets the server up, with its secret; null when there is nothing to set up. */
  setupUrl: string | null;
  serving: Serving;
  /** Lets what has begun end, then closes everything. */
  close(): Promise<void>;
};

/** What another program adds to the server: the demonstration its doors and its mail. */
export type Extra = {
  demo?: { addRoutes(app: FastifyInstance, serving: Serving): Promise<void> | void; outbox: Deliver };
};

const WEB_FOLDER = join(import.meta.dirname, "..", "..", "dist", "web");

/** What was opened, to be closed in the opposite order; also when opening stops half-way. */
class Closers {
  readonly #steps: (() => unknown)[] = [];

  add(close: () => unknown): void {
    this.#steps.push(close);
  }

  async run(): Promise<void> {
    for (const close of this.#steps.splice(0).reverse()) await close();
  }
}

/** The server, from configuration to listening ports. @throws Fault config.invalid, database.unavailable */
export async function openServer(config: Config, extra: Extra = {}): Promise<Server> {
  const closers = new Closers();
  try {
    return await open(config, extra, closers);
  } catch (thrown) {
    await closers.run();
    throw thrown;
  }
}

async function open(config: Config, extra: Extra, closers: Closers): Promise<Server> {
  const log = openLog({ level: config.logLevel });
  closers.add(() => log.flush());
  const node = await openNode(config);
  closers.add(() => node.close());
  await sweep(node);
  const state: { url: string; ports?: Ports; draining: boolean } = { url: "", draining: false };
  const serving = await serve(node, { state, demo: extra.demo, log, closers });
  const app = createHttp({ config, log, metrics: serving.metrics });
  const ohif = config.ohifPort === undefined ? null : await openOhif(config, log);
  addCors(app, { paths: ["dicomweb"], origins: () => [...config.corsOrigins, ...(ohif?.origins() ?? [])] });
  addHealth(app, {
    ready: async () => !state.draining && (await node.database.healthy()),
    metrics: serving.metrics,
    metricsToken: config.metricsToken,
  });
  await addRoutes(app, serving);
  await extra.demo?.addRoutes(app, serving);
  await addPages(app, { folder: WEB_FOLDER, entries: ENTRY_PAGES, wires: WIRE_PATHS });
  const jobs = startJobs({ database: node.database, tasks: tasksOf(serving), log, crontab: CRONTAB });
  closers.add(() => jobs.stop());
  const dicom = await openDicom(serving);
  closers.add(() => dicom.close());
  closers.add(() => app.close());
  const http = await listen(app, { config, setting: "httpPort", log });
  state.url = publicUrl(config, http);
  closers.add(() => ohif?.app.close());
  const viewer = await ohif?.listen(state.url);
  state.ports = {
    ...{ http, dicom: dicom.dicom, dicomTls: dicom.dicomTls, hl7: null, hl7Tls: null },
    ...(viewer === undefined ? {} : { ohif: viewer }),
  };
  closers.add(await leaveAddress(config, state.url));
  const setup = serving.demo ? null : await serving.setup.offer();
  return {
    ports: state.ports,
    url: state.url,
    setupUrl: setup && `${state.url}/setup#${setup.reveal()}`,
    serving,
    close: () => {
      state.draining = true;
      return closers.run();
    },
  };
}

type Around = { state: { url: string; ports?: Ports }; demo: Extra["demo"]; log: Serving["log"]; closers: Closers };

async function serve(node: Node, { state, demo, log, closers }: Around): Promise<Serving> {
  const { config, gate } = node;
  const [certificates, events] = [await openCertificates(config), await openEvents(node.database)];
  const witness = new WitnessFolder(config.dataDir);
  const feed = new JournalFeed(node.database, new Journal(config.dataDir));
  const sequencer = new Sequencer({ world: node, witness, log, onNews: (organisation) => feed.news(organisation) });
  closers.add(() => sequencer.stop());
  sequencer.start();
  const [reads, strangers] = [new Reads(node), new Strangers(node)];
  closers.add(() => reads.drain());
  closers.add(() => strangers.drain());
  closers.add(() => events.close());
  const secure = config.tlsCert !== undefined || config.publicUrl?.startsWith("https:") === true;
  const url = (): string => state.url;
  const signin = new Signin({
    ...{ world: node, epochs: gate.epochs, strangers, secret: node.signinSecret, secure },
    publicUrl: url,
  });
  return {
    ...{ node, certificates, events, reads, strangers, signin, witness, log },
    demo: demo !== undefined,
    outbox: demo?.outbox,
    metrics: openMetrics(),
    setup: new Setup(signin, () => recoveryKeyOf(node.master)),
    authenticate: authenticator(signin, new TokenDoor(node, gate.epochs)),
    publicUrl: url,
    ports: () => state.ports,
  };
}

/** What a crash left half written goes, before anything is written. */
async function sweep({ blobs, database }: Node): Promise<void> {
  await blobs.sweep(async (names) => {
    const known = await database.read(NO_SCOPE, (tx) =>
      sql<{ name: string }>`select name from unnest(${[...names]}::text[]) as name where known_blob(name)`.execute(tx),
    );
    return new Set(known.rows.map(({ name }) => name));
  });
}

export const serveCommand: Command = {
  usage: "",
  async run(call) {
    const asked = untilAsked(); // whoever ends it while it starts ends all of it, the database too
    const server = await openServer(call.config());
    if (server.setupUrl !== null)
      process.stderr.write(
        `\nThis server is not set up yet. Open this link within 30 minutes:\n\n  ${server.setupUrl}\n\n${hasPages() ? "" : "The pages are not built here: `npm run build:web`, then start again.\n\n"}`,
      );
    process.stdout.write(`${JSON.stringify({ ready: true, ...server.ports })}\n`);
    await asked;
    await server.close();
  },
};

const hasPages = (): boolean => existsSync(join(WEB_FOLDER, "index.html"));

/** SIGTERM or Ctrl-C: drain and end. A second one ends at once. */
export function untilAsked(): Promise<void> {
  return new Promise((resolve) => {
    const asked = (): void => {
      resolve();
      for (const signal of ["SIGTERM", "SIGINT"] as const) {
        process.removeListener(signal, asked);
        process.once(signal, () => process.exit(0));
      }
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, asked);
  });
}

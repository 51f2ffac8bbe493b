import type { AddressInfo } from "node:net";
import { sql } from "kysely";
import { Strangers } from "#features/people/strangers.ts";
import { TokenDoor } from "#features/people/token-door.ts";
import { Reads } from "#features/sharing/reads.ts";
import { type Config, publicUrl } from "#platform/config.ts";
import { openEvents } from "#platform/events.ts";
import { addHealth } from "#platform/http/health.ts";
import { createHttp } from "#platform/http/server.ts";
import { type Jobs, startJobs, type Tasks } from "#platform/jobs.ts";
import { openLog } from "#platform/log.ts";
import { MAIL_TASK, mailTask } from "#platform/mail.ts";
import { openMetrics } from "#platform/metrics.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { openCertificates } from "./certificates.ts";
import type { Command } from "./command.ts";
import { openDicom } from "./dicom.ts";
import { type Node, openNode } from "./node.ts";
import { addRoutes, type Serving } from "./routes.ts";

export type Ports = { http: number; dicom: number | null; dicomTls: number; hl7: number | null; hl7Tls: number | null };
export type Server = { ports: Ports; url: string; serving: Serving; close(): Promise<void> };

/** The server, from configuration to listening ports; what closes is in the order that lets everything finish. */
export async function openServer(config: Config): Promise<Server> {
  const log = openLog({ level: config.logLevel });
  const metrics = openMetrics();
  const certificates = await openCertificates(config);
  const node = await openNode(config);
  await sweep(node);
  const [reads, strangers, events] = [new Reads(node), new Strangers(node), await openEvents(node.database)];
  const tokens = new TokenDoor(node, node.gate.epochs);
  const app = createHttp({ config, log, metrics });
  const place = { url: "" };
  const serving: Serving = {
    ...{ node, certificates, events, reads, strangers, log, metrics },
    authenticate: (request) => tokens.open(bearerOf(request.headers.authorization)),
    publicUrl: () => place.url,
  };
  addHealth(app, { ready: () => node.database.healthy(), metrics, metricsToken: config.metricsToken });
  await addRoutes(app, serving);
  const jobs: Jobs = startJobs({ database: node.database, tasks: tasksOf(serving), log });
  const dicom = await openDicom(serving);
  await app.listen({ host: config.bind, port: config.httpPort });
  const http = (app.server.address() as AddressInfo).port;
  place.url = publicUrl(config, http);
  return {
    ports: { http, dicom: dicom.dicom, dicomTls: dicom.dicomTls, hl7: null, hl7Tls: null },
    url: place.url,
    serving,
    async close() {
      await Promise.all([app.close(), dicom.close()]);
      await jobs.stop();
      await reads.drain();
      await strangers.drain();
      await events.close();
      await node.close();
      log.flush();
    },
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

function tasksOf({ node }: Serving): Tasks {
  return { [MAIL_TASK]: mailTask(node) };
}

function bearerOf(header: string | undefined): string {
  return /^Bearer +([\x21-\x7e]{1,200})$/i.exec(header ?? "")?.[1] ?? "";
}

export const serveCommand: Command = {
  usage: "",
  async run(call) {
    const server = await openServer(call.config());
    process.stdout.write(`${JSON.stringify({ ready: true, ...server.ports })}\n`);
    await untilAsked();
    await server.close();
  },
};

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

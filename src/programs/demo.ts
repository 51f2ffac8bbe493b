import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { registerDevice } from "#features/people/devices/actions.ts";
import { Fault } from "#kit/fault.ts";
import { type Config, isLoopback } from "#platform/config.ts";
import { EmbeddedServer } from "#platform/postgres/embedded/server.ts";
import { addressOf } from "./address.ts";
import type { Command } from "./command.ts";
import { addDoors } from "./demo/doors.ts";
import { keepDemo, keptDemo } from "./demo/kept.ts";
import { Outbox } from "./demo/outbox.ts";
import { actorOf, DEMO_PASSWORD } from "./demo/people.ts";
import { type Demo, seedDemo } from "./demo/seed.ts";
import type { Serving } from "./routes.ts";
import { openServer, untilAsked } from "./serve.ts";

export const demoCommand: Command = {
  usage: "[--keep]",
  options: { keep: { says: "go on with the data of the demonstration before, if there is any" } },
  async run(call) {
    const given = call.config();
    if (!isLoopback(given.bind))
      throw new Fault("config.invalid", "The demonstration listens on loopback only; leave SAFELIGHT_BIND alone.", {
        place: "bind",
      });
    const config = { ...given, dataDir: join(given.dataDir, "demo") };
    const asked = untilAsked();
    if (!(await EmbeddedServer.endUnused(config.dataDir))) throw await runsAlready(config);
    const kept = call.flag("keep") ? await keptDemo(config.dataDir) : null;
    if (kept === null) await rm(config.dataDir, { recursive: true, force: true }); // made-up data: each begins anew
    let demo: Demo | undefined;
    const outbox = new Outbox();
    const server = await openServer(config, {
      demo: {
        outbox: outbox.take,
        addRoutes(app, serving) {
          addDoors(app, serving, () => demo);
          outbox.addRoutes(app, serving);
        },
      },
    });
    const folder = join(config.dataDir, "devices");
    try {
      const filling = kept === null ? fill(server.serving, config.dataDir, folder) : Promise.resolve(kept);
      filling.catch(() => undefined); // whoever ends it now does not hear what broke off by that
      const filled = await Promise.race([filling, asked]);
      if (!filled) return;
      demo = filled;
      const { url, ports } = server;
      process.stdout.write(welcome({ url, dicomTls: ports.dicomTls, folder, keeps: call.flag("keep") }, filled));
      process.stdout.write(`${JSON.stringify({ ready: true, ...ports })}\n`);
      await asked;
    } finally {
      await server.close();
    }
  },
};

async function runsAlready(config: Config): Promise<Fault> {
  return new Fault(
    "config.invalid",
    `A demonstration runs already, at ${await addressOf(config)}: end it first (Ctrl-C), or choose another SAFELIGHT_DATA_DIR.`,
    { place: "dataDir" },
  );
}

async function fill(serving: Serving, dataDir: string, devices: string): Promise<Demo> {
  const demo = await seedDemo(serving, (line) => process.stderr.write(`${line}\n`));
  await addDevice(serving, demo, devices);
  await keepDemo(dataDir, demo);
  return demo;
}

/** A modality to send from: CT1 of Umzimvubu Clinic, which may also query. */
async function addDevice({ node, certificates }: Serving, { clinic }: Demo, folder: string): Promise<void> {
  const issued = await certificates.issueForDevice({ aeTitle: "CT1", organisation: "Umzimvubu Clinic" });
  await registerDevice(node, actorOf(clinic), {
    aeTitle: "CT1",
    certificate: issued.cert,
    issued: true,
    description: "CT of the demonstration",
    query: true,
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, "ca.pem"), certificates.authority, { mode: 0o600 });
  await writeFile(join(folder, "CT1.pem"), issued.cert, { mode: 0o600 });
  await writeFile(join(folder, "CT1.key"), issued.key, { mode: 0o600 });
}

type Told = { url: string; dicomTls: number; folder: string; keeps: boolean };

function welcome({ url, dicomTls, folder, keeps }: Told, { clinic, radiologist, referrer }: Demo): string {
  const logins = [clinic, radiologist, referrer]
    .map(
      ({ displayName, email, secret }) =>
        `  ${displayName.padEnd(16)} ${email.padEnd(30)} second factor (TOTP secret): ${secret.reveal()}\n`,
    )
    .join("");
  return `
Safelight is lit. Open ${url} and choose a door.

Or sign in at ${url}/signin with the password "${DEMO_PASSWORD}":
${logins}
Send a study:  storescu +tls ${folder}/CT1.key ${folder}/CT1.pem +cf ${folder}/ca.pem -aet CT1 -aec SAFELIGHT localhost ${dicomTls} FILES
HL7 is off in this version.  Everything here is made up${keeps ? "; `npm run demo -- --keep` goes on with it" : ", and gone with the next demonstration unless that is started with --keep"}.

`;
}

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { get as httpGet, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { newBlobName } from "#platform/blobs/blobs.ts";
import { createAuthority, issueCertificate } from "#platform/dicom/certificates.ts";
import { AssociationRejected, openAssociation } from "#platform/dicom/client.ts";
import { openDatabase } from "#platform/postgres/db.ts";
import { VERIFICATION } from "#standards/dimse/negotiate.ts";
import { main } from "./cli.ts";
import type { Ports } from "./routes.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "safelight-serve-"));
const dataDir = join(folder, "data");
const environment = {
  PATH: process.env.PATH,
  SAFELIGHT_DATA_DIR: dataDir,
  SAFELIGHT_HTTP_PORT: "0",
  SAFELIGHT_DICOM_PORT: "0",
  SAFELIGHT_DICOM_TLS_PORT: "0",
  SAFELIGHT_HL7_TLS_PORT: "0",
  SAFELIGHT_METRICS_TOKEN: "metrics-token",
  SAFELIGHT_LOG_LEVEL: "error",
};

Object.assign(process.env, environment); // for the commands that run here

type Ready = Ports & { ready: true };
type Running = { child: ChildProcess; ready: Ready; said: () => string };

/** `safelight serve` as an operator starts it, once it has said that it is ready. */
async function serve(): Promise<Running> {
  const child = spawn(process.execPath, ["bin/safelight.ts", "serve"], {
    cwd: ROOT,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the server ended with ${String(code)}: ${said}`);
  });
  const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
  ended.catch(() => undefined);
  return { child, ready: JSON.parse(line) as Ready, said: () => said };
}

async function stop({ child }: Running): Promise<number | null> {
  const exit = once(child, "exit") as Promise<[number | null]>;
  child.kill("SIGTERM");
  return (await exit)[0];
}

/** One command of the shell, in this process: its exit code and its JSON. */
async function shell(
  words: string,
  options: Record<string, string> = {},
): Promise<{ status: number; json: Record<string, string> }> {
  const said: string[] = [];
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const status = await main([...words.split(" "), ...given, "--json"], {
    out: (line) => void said.push(line),
    err: () => undefined,
  });
  return { status, json: said[0] === undefined ? {} : (JSON.parse(said[0]) as Record<string, string>) };
}

/** A request on a connection of its own: the others of this file may be closed meanwhile. */
async function get(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const request = httpGet({ host: "localhost", port: server.ready.http, path, headers, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

let server: Running;

before(async () => {
  server = await serve();
});

after(async () => {
  if (server.child.exitCode === null) await stop(server);
  rmSync(folder, { recursive: true, force: true });
});

test("the ready line names every port, and HL7 is null while it is off", () => {
  const { ready, http, dicom, dicomTls, hl7, hl7Tls } = server.ready;
  assert.equal(ready, true);
  for (const port of [http, dicom, dicomTls]) assert.ok(Number(port) > 0);
  assert.deepEqual([hl7, hl7Tls], [null, null]);
});

test("health is told to everybody, metrics to the holder of the token only", async () => {
  assert.equal((await get("/healthz")).status, 200);
  assert.equal((await get("/readyz")).status, 200);
  assert.equal((await get("/metrics")).status, 401);
  assert.equal((await get("/metrics", { authorization: "Bearer metrics-tokem" })).status, 401);
  const metrics = await get("/metrics", { authorization: "Bearer metrics-token" });
  assert.match(metrics.body, /safelight_http_seconds/);
});

test("first start says where to set up, once, with the secret behind the fragment", () => {
  const links = server.said().match(/http:\/\/localhost:\d+\/setup#sl_setup_[A-Za-z0-9_-]{38}/g) ?? [];
  assert.equal(links.length, 1);
});

test("the authority, its key and the server's certificate are made at first start, keys for nobody else to read", () => {
  const certificates = join(dataDir, "certificates");
  assert.deepEqual(readdirSync(certificates).sort(), ["authority.key", "authority.pem", "server.key", "server.pem"]);
  for (const key of ["authority.key", "server.key"]) assert.equal(statSync(join(certificates, key)).mode & 0o077, 0);
  assert.equal(statSync(certificates).mode & 0o077, 0);
});

test("the shell administers while the server runs: organisations, users, partners, tokens, keys", async () => {
  const clinic = await shell("admin org create", { name: "Clinic" });
  assert.equal(clinic.status, 0);
  assert.match(clinic.json.id ?? "", /^[0-9a-f-]{36}$/);
  const org = "Clinic";
  const statusOf = async (words: string, options: Record<string, string>) => (await shell(words, options)).status;
  assert.equal(await statusOf("admin org create", { name: "Readers", kind: "reading-group" }), 0);
  assert.equal(await statusOf("admin org create", { name: org }), 3, "the name is taken");
  assert.equal(await statusOf("admin org create", { name: "X", kind: "circus" }), 2);
  const user = await shell("admin user create", { org, email: "ada@example.org", role: "administrator" });
  assert.match(user.json.setupUrl ?? "", new RegExp(`^http://localhost:${server.ready.http}/invite#sl_invite_`));
  assert.equal(await statusOf("admin user create", { org, email: "ada@example.org", role: "king" }), 2);
  const paper = { org, with: "Readers", purpose: "care second-opinion", until: "2099-12-31" };
  assert.equal(await statusOf("admin partner create", paper), 0);
  assert.equal(await statusOf("admin partner create", { ...paper, until: "tomorrow" }), 2);
  const { token = "" } = (await shell("admin token create", { org, scope: "dicomweb.read" })).json;
  assert.equal((await get("/dicomweb/studies", { authorization: `Bearer ${token}` })).status, 204);
  assert.equal(await statusOf("admin token create", { org, scope: "everything" }), 2);
  assert.equal(await statusOf("admin token create", { org: "Nobody", scope: "admin" }), 3);
  assert.equal(Number((await shell("admin key rotate", { org })).json.version), 2);
  assert.equal((await get("/readyz")).status, 200, "the database still runs");
});

test("a device that the shell registered may associate; strangers get a rejection and leave a record", async () => {
  const out = join(folder, "ct1");
  const { json } = await shell("admin device create", { org: "Clinic", ae: "CT1", out });
  const pem = (path: string | undefined): string => readFileSync(path ?? "", "utf8");
  const [ca, cert, key] = [pem(json.ca), pem(json.cert), pem(json.key)];
  assert.equal(statSync(json.key ?? "").mode & 0o077, 0);
  const knock = async (callingAe: string, own: { key: string; cert: string } | undefined): Promise<string> => {
    try {
      const association = await openAssociation({
        ...{ host: "127.0.0.1", port: server.ready.dicomTls, callingAe, calledAe: "SAFELIGHT" },
        contexts: [{ abstractSyntax: VERIFICATION, transferSyntaxes: ["1.2.840.10008.1.2"] }],
        tls: { ca, servername: "localhost", ...own },
      });
      await association.echo();
      await association.release();
      return "welcome";
    } catch (thrown) {
      if (thrown instanceof AssociationRejected)
        return `${thrown.rejection.result}/${thrown.rejection.source}/${thrown.rejection.reason}`;
      throw thrown;
    }
  };
  const foreign = await createAuthority({ name: "Foreign", now: new Date() });
  const stranger = await issueCertificate({
    authority: foreign,
    commonName: "CT1",
    usage: "client",
    days: 2,
    now: new Date(),
  });
  assert.equal(await knock("CT1", { key, cert }), "welcome");
  assert.equal(await knock("CT2", { key, cert }), "1/1/3", "another AE title");
  assert.equal(await knock("CT1", stranger), "1/1/3", "another certificate");
  assert.equal(await knock("CT1", undefined), "1/1/3", "no certificate");
  const database = await openDatabase({ dataDir, databaseUrl: undefined, databasePool: 1 });
  const { rows } = await database.owner.query<{ outcome: string; because: string; actor_kind: string }>(
    "select distinct outcome, because, actor_kind from ledger_entry where action = 'dicom-tls.stranger'",
  );
  await database.close();
  assert.deepEqual(rows, [{ outcome: "refused", because: "unknown-device", actor_kind: "system" }]);
});

test("pages answer at every address of a page, the recipient's entry at /l, and unknown routes stay unknown", async () => {
  const built = existsSync(join(ROOT, "dist", "web", "index.html"));
  for (const path of ["/", "/studies", "/admin/people", "/l"]) {
    const answer = await get(path);
    assert.equal(answer.status, built ? 200 : 404, path);
    if (built) assert.match(String(answer.headers["content-security-policy"]), /default-src 'none'/);
  }
  for (const path of [
    "/api/nothing",
    "/dicomweb/nothing",
    "/assets/nothing.js",
    "/etc/passwd.txt",
    "/..%2f..%2fpackage.json",
  ]) {
    assert.equal((await get(path)).status, 404, path);
  }
});

test("SIGTERM drains and exits 0; the shell works without a server; the next start finds everything and sweeps what a crash left", async () => {
  assert.equal(await stop(server), 0);
  const orgs = await shell("admin org list");
  assert.equal(orgs.status, 0);
  assert.ok(!existsSync(join(dataDir, "postgres", "cluster", "postmaster.pid")), "the last program ends the database");
  const before = readFileSync(join(dataDir, "certificates", "authority.pem"), "utf8");
  const old = newBlobName(Date.now() - 3_600_000);
  const objects = join(dataDir, "objects", old.slice(0, 5), old.slice(5, 8));
  mkdirSync(objects, { recursive: true });
  writeFileSync(join(objects, `${old}.999999`), "half");
  server = await serve();
  assert.equal(readFileSync(join(dataDir, "certificates", "authority.pem"), "utf8"), before);
  assert.ok(!existsSync(join(objects, `${old}.999999`)));
  assert.doesNotMatch(server.said(), /setup#/, "organisations are there");
});

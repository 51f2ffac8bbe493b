import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { instanceOf } from "#phantoms/record/modules.ts";
import { openAssociation } from "#platform/dicom/client.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { EXPLICIT_LITTLE_ENDIAN } from "#standards/dimse/negotiate.ts";
import { Phone } from "../support/people.ts";
import { zipOf } from "../support/zip.ts";
import { type Planted, wordFor } from "./needles.ts";

const execute = promisify(execFile);
const PROGRAM = join(import.meta.dirname, "../../bin/safelight.ts");
const CT = "1.2.840.10008.5.1.4.1.1.2";
const PASSWORD = "Vorlaufig-Passwort-Mirabelle";

/** Everything a house does in its life, with a value of its own in every place where a person could be named. */
export class Stories {
  readonly folder = mkdtempSync(join(tmpdir(), "safelight-leak-"));
  readonly dataDir = join(this.folder, "data");
  readonly backup = join(this.folder, "backup");
  readonly logs = join(this.folder, "logs");
  readonly temporary = join(this.folder, "tmp");
  readonly planted: Planted[] = [];
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;
  #ports = { http: 0, dicomTls: 0 };
  #cookies = new Map<string, string>();

  constructor() {
    for (const path of [this.logs, this.temporary]) mkdirSync(path);
    this.#env = {
      ...{ PATH: process.env.PATH ?? "", HOME: this.temporary, TMPDIR: this.temporary },
      ...{ SAFELIGHT_DATA_DIR: this.dataDir, SAFELIGHT_HTTP_PORT: "0", SAFELIGHT_DICOM_TLS_PORT: "0" },
      SAFELIGHT_LOG_LEVEL: "debug",
    };
  }

  /** A value for a place, to be looked for later. Dates are whole days of a life. */
  plant(field: string): string {
    const value = field.startsWith("birth date")
      ? `19${30 + (this.planted.length % 60)}0${1 + (this.planted.length % 9)}2${this.planted.length % 9}`
      : wordFor(field);
    if (!this.planted.some((one) => one.field === field)) this.planted.push({ field, value });
    return this.planted.find((one) => one.field === field)?.value ?? value;
  }

  /** The server as an operator starts it; whatever it says goes into files. */
  async begin(): Promise<void> {
    const [out, err] = [join(this.logs, "stdout"), join(this.logs, "stderr")];
    this.#child = spawn(process.execPath, [PROGRAM, "serve"], {
      ...{ env: this.#env, cwd: this.temporary, stdio: ["ignore", openSync(out, "w"), openSync(err, "w")] },
    });
    for (let tries = 0; tries < 600; tries++) {
      const ready = readFileSync(out, "utf8")
        .split("\n")
        .find((line) => line.startsWith('{"ready":true'));
      if (ready !== undefined) {
        this.#ports = JSON.parse(ready) as { http: number; dicomTls: number };
        return;
      }
      await delay(100);
    }
    throw new Error("the server is not ready after a minute");
  }

  async end(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #url(): string {
    return `http://localhost:${this.#ports.http}`;
  }

  async shell(...words: string[]): Promise<Record<string, string>> {
    const { stdout } = await execute(process.execPath, [PROGRAM, ...words, "--json"], {
      env: this.#env,
      cwd: this.temporary,
    });
    return JSON.parse(stdout) as Record<string, string>;
  }

  async #ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; json: Record<string, unknown> }> {
    const raw = body instanceof Uint8Array;
    const answer = await fetch(this.#url + path, {
      method,
      headers: {
        origin: this.#url,
        cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(body === undefined || raw ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: raw ? Buffer.from(body) : typeof body === "string" ? body : JSON.stringify(body) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";", 1);
      const at = pair.indexOf("=");
      if (/max-age=0\b/i.test(line)) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const text = await answer.text();
    const json = answer.headers.get("content-type")?.includes("json") ? JSON.parse(text || "{}") : {};
    return { status: answer.status, json: json as Record<string, unknown> };
  }

  async #must(status: number, ...asked: Parameters<Stories["tell"]>): Promise<Record<string, unknown>> {
    const answer = await this.#ask(...asked);
    if (answer.status !== status)
      throw new Error(`${asked[0]} ${asked[1]}: ${answer.status} ${JSON.stringify(answer.json)}`);
    return answer.json;
  }

  /** A request, whatever comes of it. */
  tell(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    return this.#ask(method, path, body, headers);
  }

  /** A CT slice that names everybody it can. */
  object(way: string): { sopInstance: string; part10: Uint8Array } {
    const uid = `2.25.${BigInt(`0x${Buffer.from(way.padEnd(12, "-")).toString("hex")}`)}`;
    const plant = (field: string): string => this.plant(`${field}, by ${way}`);
    const { part10 } = instanceOf(CT, `${uid}.3`, {
      ...{ SpecificCharacterSet: "ISO_IR 192", Modality: "CT", InstanceNumber: 1, StudyDate: "20261120" },
      ...{ StudyInstanceUID: `${uid}.1`, SeriesInstanceUID: `${uid}.2`, PatientSex: "O" },
      PatientName: `${plant("family name")}^${plant("given name")}`,
      PatientID: plant("patient ID"),
      IssuerOfPatientID: plant("issuer"),
      PatientBirthDate: plant("birth date"),
      OtherPatientNames: plant("other name"),
      PatientAddress: plant("address"),
      PatientTelephoneNumbers: plant("telephone"),
      PatientComments: plant("patient comments"),
      Occupation: plant("occupation"),
      AccessionNumber: plant("accession number"),
      StudyID: plant("study ID"),
      StudyDescription: plant("study description"),
      SeriesDescription: plant("series description"),
      ProtocolName: plant("protocol"),
      ImageComments: plant("image comments"),
      ReferringPhysicianName: plant("referring physician"),
      PerformingPhysicianName: plant("performing physician"),
      OperatorsName: plant("operator"),
      InstitutionName: plant("institution"),
      InstitutionAddress: plant("institution's address"),
      StationName: plant("station"),
      DeviceSerialNumber: plant("serial number"),
      ...{ SamplesPerPixel: 1, PhotometricInterpretation: "MONOCHROME2", Rows: 32, Columns: 32, BitsAllocated: 8 },
      ...{ BitsStored: 8, HighBit: 7, PixelRepresentation: 0 },
      "PixelData:OB": new Uint8Array(Buffer.from(plant("burned-in text").padEnd(1024, "."))),
    });
    return { sopInstance: `${uid}.3`, part10 };
  }

  async tellAll(): Promise<void> {
    const house = this.plant("organisation");
    const org = (await this.shell("admin", "org", "create", "--name", house))["id"] ?? "";
    await this.shell("admin", "org", "create", "--name", this.plant("partner organisation"));
    await this.#storeByDimse(org);
    await this.#storeByStow(org);
    await this.#import(org);
    await this.#signIn(org);
    await this.#upload();
    await this.#administer();
    const study = await this.#find("STOW");
    await this.#report(study);
    await this.#consent(study);
    await this.#share(study);
    await this.#ailing(org);
    await this.shell("backup", "--to", this.backup);
  }

  async #storeByDimse(org: string): Promise<void> {
    const out = join(this.folder, "device");
    const files = await this.shell("admin", "device", "create", "--org", org, "--ae", "LEAKS", "--out", out);
    const pem = (name: string): string => readFileSync(files[name] ?? "", "utf8");
    const shown = { key: pem("key"), cert: pem("cert"), ca: pem("ca") };
    const call = (callingAe: string) =>
      openAssociation({
        ...{ host: "localhost", port: this.#ports.dicomTls, calledAe: "SAFELIGHT", callingAe, tls: shown },
        contexts: [{ abstractSyntax: CT, transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN] }],
      });
    const association = await call("LEAKS");
    const send = (way: string, { cut, instance }: { cut?: number; instance?: string } = {}) => {
      const { sopInstance, part10 } = this.object(way);
      const dataSet = part10.subarray(readPart10(part10).dataSetOffset, cut);
      return association.store({
        sopClass: CT,
        transferSyntax: EXPLICIT_LITTLE_ENDIAN,
        sopInstance: instance ?? sopInstance,
        dataSet,
      });
    };
    const stored = await send("C-STORE");
    if (stored.status !== 0) throw new Error(`C-STORE: ${stored.status.toString(16)} ${stored.errorComment ?? ""}`);
    await send("broken C-STORE", { cut: -900 });
    await send("C-STORE", { instance: "2.25.77" });
    await association.release();
    await call(this.plant("unknown AE title").slice(0, 16)).catch(() => undefined);
  }

  async #storeByStow(org: string): Promise<void> {
    const { token = "" } = await this.shell(
      "admin",
      "token",
      "create",
      "--org",
      org,
      "--scope",
      "dicomweb.read dicomweb.write",
      "--name",
      this.plant("token's name"),
    );
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/dicom" };
    await this.#must(200, "POST", "/dicomweb/studies", this.object("STOW").part10, headers);
    await this.tell("POST", "/dicomweb/studies", this.object("broken STOW").part10.subarray(0, -500), headers);
    await this.tell("POST", "/dicomweb/studies", Buffer.from(`no DICOM ${this.plant("garbage in a body")}`), headers);
    const asked = { authorization: headers.authorization, accept: "application/dicom+json" };
    await this.#must(
      200,
      "GET",
      `/dicomweb/studies?PatientName=${this.plant("family name, by STOW")}*&includefield=all`,
      undefined,
      asked,
    );
    await this.tell("GET", `/dicomweb/studies?PatientName=${this.plant("name in a search")}*`, undefined, asked);
    await this.tell("GET", `/dicomweb/studies/${this.plant("name in a path")}/metadata`, undefined, asked);
    await this.tell("GET", "/dicomweb/studies", undefined, { authorization: `Bearer ${this.plant("wrong token")}` });
  }

  async #import(org: string): Promise<void> {
    const folder = join(this.folder, "medium");
    mkdirSync(join(folder, this.plant("folder's name")), { recursive: true });
    writeFileSync(
      join(folder, this.plant("folder's name"), `${this.plant("file's name")}.dcm`),
      this.object("import").part10,
    );
    writeFileSync(join(folder, "cut.dcm"), this.object("broken import").part10.subarray(0, 700));
    await this.shell("import", folder, "--org", org).catch(() => undefined);
    rmSync(folder, { recursive: true });
  }

  #invite(org: string, email: string, role: string, ...more: string[]) {
    return this.shell("admin", "user", "create", "--org", org, "--email", email, "--role", role, ...more);
  }

  async #signIn(org: string): Promise<void> {
    const email = `${this.plant("user's address")}@example.org`;
    const { setupUrl = "" } = await this.#invite(org, email, "administrator", "--name", this.plant("user's name"));
    this.planted.push({ field: "password", value: PASSWORD });
    await this.#must(200, "POST", "/api/invitation/accept", { secret: setupUrl.split("#")[1], password: PASSWORD });
    const { totpURI } = await this.#must(200, "POST", "/api/auth/two-factor/enable", { password: PASSWORD });
    await this.#must(200, "POST", "/api/auth/two-factor/verify-totp", {
      code: await new Phone(String(totpURI)).code(),
    });
    for (const attempt of ["wrong password", "another wrong password"])
      await this.tell("POST", "/api/auth/sign-in/email", { email, password: this.plant(attempt) });
    await this.tell("POST", "/api/auth/sign-in/email", {
      email: `${this.plant("unknown address")}@example.org`,
      password: "nothing like it",
    });
    const people = (await this.#must(200, "GET", "/api/people")) as unknown as { id: string }[];
    await this.#must(200, "PUT", `/api/people/${people[0]?.id}/roles`, {
      roles: ["administrator", "radiologist", "privacy-officer"],
    });
  }

  async #upload(): Promise<void> {
    const { id } = await this.#must(200, "POST", "/api/uploads", {});
    const file = (n: number): string => `/api/uploads/${String(id)}/files/${n}`;
    const zip = await zipOf({ [`${this.plant("name in an archive")}.dcm`]: this.object("upload").part10 });
    await this.#must(200, "PUT", file(1), zip, { "content-type": "application/octet-stream" });
    await this.tell("PUT", file(2), this.object("broken upload").part10.subarray(0, 900), {
      "content-type": "application/octet-stream",
    });
  }

  async #administer(): Promise<void> {
    const invited = {
      email: `${this.plant("invited address")}@example.org`,
      displayName: this.plant("invited name"),
      role: "referrer",
    };
    await this.#must(200, "POST", "/api/people", invited);
    await this.tell("POST", "/api/people", { ...invited, email: this.plant("no address") });
    await this.tell("POST", "/api/people", `{"email": "${this.plant("broken JSON")}`);
    const from = "2026-01-01T00:00:00Z";
    const paper = {
      partner: this.plant("partner organisation"),
      kind: "joint-care",
      purposes: ["care"],
      from,
      until: "2099-01-01T00:00:00Z",
    };
    await this.#must(200, "POST", "/api/partners", { ...paper, reference: this.plant("agreement's reference") });
    await this.#must(200, "GET", `/api/studies?q=${this.plant("word in the search box")}`);
    await this.#must(200, "GET", `/api/audit?patient=${this.plant("name asked of the record")}`);
    await this.tell("GET", `/api/audit?patient=${this.plant("family name, by STOW")}&limit=${this.plant("no number")}`);
    await this.tell("GET", `/studies?patient=${this.plant("name in a page's address")}`);
  }

  async #find(way: string): Promise<{ owner: string; id: string; patient: string }> {
    const { items } = (await this.#must(200, "GET", `/api/studies?q=${this.plant(`family name, by ${way}`)}`)) as {
      items: { owner: string; id: string }[];
    };
    const [study] = items;
    if (study === undefined) throw new Error("the study is not in the list");
    return { ...study, patient: study.id };
  }

  async #report({ owner, id }: { owner: string; id: string }): Promise<void> {
    const plant = (field: string): string => this.plant(`report's ${field}`);
    const text = {
      indication: plant("indication"),
      comparison: plant("comparison"),
      findings: plant("findings"),
      impression: plant("impression"),
    };
    const kept = await this.#must(200, "PUT", `/api/studies/${owner}/${id}/report`, { ...text, base: 0 });
    await this.#must(200, "POST", `/api/studies/${owner}/${id}/report/sign`, { ...kept, status: "final" });
    await this.#must(200, "GET", `/api/studies/${owner}/${id}/report.pdf`);
  }

  async #consent({ owner, id }: { owner: string; id: string }): Promise<void> {
    const forms = (await this.#must(200, "GET", "/api/consent/forms")) as unknown as {
      id: string;
      purposes: string[];
    }[];
    const form = forms.find(({ purposes }) => purposes.includes("teaching"));
    const given = {
      studyOwner: owner,
      study: id,
      formVersion: form?.id,
      decision: "given",
      givenBy: "self",
      purposes: ["teaching"],
      channel: "paper",
    };
    const { id: consent } = await this.#must(201, "POST", `/api/patients/${id}/consents`, {
      ...given,
      recipient: this.plant("consent's recipient"),
    });
    await this.#must(200, "POST", `/api/consents/${String(consent)}/end`, { reason: this.plant("reason of an end") });
  }

  async #share({ owner, id }: { owner: string; id: string }): Promise<void> {
    const share = (what: object) =>
      this.#must(201, "POST", `/api/studies/${owner}/${id}/share`, { purpose: "care", rights: ["view"], ...what });
    const recipient = { kind: "link", recipient: this.plant("link's recipient") };
    const answer = this.plant("link's password");
    const made = (await share({
      subject: recipient,
      basis: { kind: "own-care", note: this.plant("note of a share") },
      challenge: { kind: "password", password: answer },
    })) as { grant: string; link: { url: string } };
    const coded = (await share({
      subject: { kind: "link", recipient: "R" },
      basis: { kind: "legal-order", note: `Order of court ${this.plant("note of an order")}` },
      challenge: { kind: "code", address: `${this.plant("address for codes")}@example.org` },
    })) as { link: { url: string } };
    await this.#must(200, "POST", "/api/link/send-code", { secret: coded.link.url.split("#")[1] });
    const [, secret = ""] = made.link.url.split("#");
    this.planted.push({ field: "link's secret", value: secret });
    const own = this.#cookies;
    this.#cookies = new Map();
    await this.tell("POST", "/api/link/open", { secret, answer: this.plant("wrong answer to a link") });
    const study = (await this.#must(
      200,
      "POST",
      "/api/link/open",
      { secret, answer },
      { "user-agent": `Browser/1.0 (${this.plant("link's browser")})` },
    )) as { series: { instances: { id: string }[] }[] };
    await this.#must(200, "GET", `/api/link/frames/${study.series[0]?.instances[0]?.id}/1`);
    await this.#must(200, "GET", "/api/link/report");
    this.planted.push({ field: "link's cookie", value: [...this.#cookies.values()][0] ?? "" });
    this.#cookies = own;
    await this.#must(200, "DELETE", `/api/grants/${made.grant}`);
    this.planted.push({ field: "session's cookie", value: own.get("safelight") ?? "" });
  }

  /** What fails on the way: values in headers, methods and addresses that nobody knows. */
  async #ailing(org: string): Promise<void> {
    await this.tell("GET", `/%E0%A4%A${this.plant("broken address")}`);
    await this.tell("POST", `/api/${this.plant("unknown route")}`, {});
    await this.tell("GET", "/api/session", undefined, {
      "user-agent": this.plant("user agent"),
      referer: `http://localhost/${this.plant("referrer header")}`,
    });
    await this.tell("POST", "/api/session/organisation", { organisation: this.plant("no organisation") });
    await this.#invite(org, this.plant("no address in the shell"), "referrer").catch(() => undefined);
  }
}

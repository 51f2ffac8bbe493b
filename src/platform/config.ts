import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { z } from "zod";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";

/** The file read from the working directory beside the environment; the environment wins. */
export const CONFIG_FILE = "safelight.config.json";

const text = z.string().trim().min(1);
const secret = text.transform((value) => new Hidden(value));
const port = z.coerce.number().int().min(0).max(65_535);
const amount = z.coerce.number().int().min(1);
const list = z
  .union([z.array(text), z.string().transform((value) => value.split(","))])
  .transform((parts) => parts.map((part) => part.trim()).filter((part) => part !== ""));
const webAddress = z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ""));
const origins = list.refine((all) => all.every(isForeignOrigin), {
  error:
    "each is https://HOST or https://HOST:PORT as a browser spells it (http:// on this machine only), without a path or *",
});

/**
 * Every setting there is, by its name in the file. In the environment `httpPort` is `SAFELIGHT_HTTP_PORT`, only
 * `databaseUrl` is `DATABASE_URL`. Ports: 0 means any free one; a port that is left out is off.
 */
const Settings = z.strictObject({
  dataDir: text
    .default(".safelight")
    .describe("folder of the embedded database, the sealed objects and the master key"),
  bind: text.default("127.0.0.1").describe("address the listeners use; anything but loopback needs TLS"),
  httpPort: port.default(8080).describe("web and DICOMweb"),
  publicUrl: webAddress.optional().describe("address people type; http(s)://localhost:PORT unless set"),
  tlsCert: text.optional().describe("PEM file: certificate chain of the web and DICOM TLS listeners"),
  tlsKey: text.optional().describe("PEM file: its private key"),
  trustedProxies: list.default([]).describe("addresses or networks whose X-Forwarded-* are believed"),
  dicomPort: port.optional().describe("plain DICOM, loopback only, storing only; off unless set"),
  dicomTlsPort: port.default(2762).describe("DICOM over TLS"),
  ohifPort: port.optional().describe("origin of the optional OHIF viewer; off unless set"),
  ohifDir: text.optional().describe("folder of the built OHIF app (dist of @ohif/app), needed with ohifPort"),
  corsOrigins: origins
    .default([])
    .describe("origins of other viewers whose pages may ask DICOMweb, with a token and never with cookies"),
  databaseUrl: secret.optional().describe("an external PostgreSQL 15 or newer; the embedded one unless set"),
  databasePool: amount.default(20).describe("connections the serving role may hold"),
  smtpUrl: secret.optional().describe("smtp(s)://user:password@host:port; messages stay in the outbox unless set"),
  mailFrom: text.default("Safelight <safelight@localhost>").describe("sender of the messages"),
  metricsToken: secret.optional().describe("bearer token for /metrics; closed unless set"),
  logLevel: z
    .enum(["fatal", "error", "warn", "info", "debug", "silent"])
    .default("info")
    .describe("least level logged"),
});

/**
 * Settings whose part is not in this version. Their names are known, so that nobody reads "no setting" for what the documents of a
 * later version name, and setting one is refused: what is configured runs.
 */
const LATER: Readonly<Record<string, string>> = {
  hl7Port: "plain HL7 (MLLP)",
  hl7TlsPort: "HL7 (MLLP) over TLS",
  s3Endpoint: "S3-compatible store for the sealed objects",
  s3Region: "its region",
  s3Bucket: "its bucket",
  s3Prefix: "put before every object's name",
  s3AccessKeyId: "its access key",
  s3SecretAccessKey: "its secret key",
  s3PathStyle: "bucket in the path instead of the host name",
  kmsUrl: "key service that wraps the organisations' keys",
  kmsToken: "its token",
  kmsKey: "name of the wrapping key there",
};

type SettingKey = keyof typeof Settings.shape;
type Parsed = z.output<typeof Settings>;

/** What the program runs by. `dataDir` is absolute; secrets are Hidden. */
export type Config = Readonly<Parsed>;

export type ConfigSources = { env: Record<string, string | undefined>; cwd: string };

const SETTING_KEYS = Object.keys(Settings.shape) as SettingKey[];

function environmentName(key: string): string {
  if (key === "databaseUrl") return "DATABASE_URL";
  return `SAFELIGHT_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function fromFile(cwd: string): Record<string, unknown> {
  const file = resolve(cwd, CONFIG_FILE);
  let body: string;
  try {
    body = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new Fault("config.invalid", `${CONFIG_FILE} is there but cannot be read; check its permissions.`, {
      cause: error,
    });
  }
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {} // the parser's own message could quote a secret
  throw new Fault("config.invalid", `${CONFIG_FILE} is not one JSON object; correct it or remove it.`);
}

function fromEnvironment(env: ConfigSources["env"]): Record<string, unknown> {
  const names = new Map([...SETTING_KEYS, ...Object.keys(LATER)].map((key) => [environmentName(key), key]));
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(env)) {
    const key = names.get(name);
    if (key !== undefined) {
      if (value !== undefined && value !== "") found[key] = value;
    } else if (name.startsWith("SAFELIGHT_")) {
      throw new Fault(
        "config.invalid",
        `${name} is no setting of Safelight; \`safelight config --explain\` lists them.`,
        { place: name },
      );
    }
  }
  return found;
}

/**
 * Reads and checks the whole configuration: environment over file over defaults.
 * @throws Fault config.invalid with the setting's name and what to do, never with a value
 */
export function readConfig(sources: ConfigSources = { env: process.env, cwd: process.cwd() }): Config {
  const given = { ...fromFile(sources.cwd), ...fromEnvironment(sources.env) };
  const parsed = Settings.safeParse(withoutLater(given));
  if (!parsed.success) throw new Fault("config.invalid", sayIssues(parsed.error), { place: placeOf(parsed.error) });
  const config = { ...parsed.data, dataDir: resolve(sources.cwd, parsed.data.dataDir) };
  refuseNonsense(config);
  return config;
}

/** HL7 ports of 0 ask for "any free one", as scripts do for every port; the ready line answers `null` for them. */
function withoutLater(given: Record<string, unknown>): Record<string, unknown> {
  const now = Object.entries(given).filter(([key, value]) => {
    if (!Object.hasOwn(LATER, key)) return true;
    if (key.startsWith("hl7") && Number(value) === 0) return false;
    throw new Fault(
      "config.invalid",
      `${environmentName(key)} (${key} in ${CONFIG_FILE}) is not in this version: ${LATER[key]}. Remove it.`,
      { place: key },
    );
  });
  return Object.fromEntries(now);
}

function placeOf(error: z.ZodError): string {
  return String(error.issues[0]?.path[0] ?? CONFIG_FILE);
}

function sayIssues(error: z.ZodError): string {
  const said = error.issues.map((issue) => {
    if (issue.code === "unrecognized_keys") return `${CONFIG_FILE}: ${issue.keys.join(", ")} is no setting`;
    const key = issue.path[0] as SettingKey;
    return `${environmentName(key)} (${key} in ${CONFIG_FILE}): ${issue.message}`;
  });
  return `${said.join("; ")}. \`safelight config --explain\` lists every setting.`;
}

function refuseNonsense(config: Config): void {
  if ((config.tlsCert === undefined) !== (config.tlsKey === undefined)) {
    throw new Fault(
      "config.invalid",
      "SAFELIGHT_TLS_CERT and SAFELIGHT_TLS_KEY belong together; set both or neither.",
      { place: "tlsCert" },
    );
  }
  if (!isLoopback(config.bind) && config.tlsCert === undefined) {
    throw new Fault(
      "config.invalid",
      "SAFELIGHT_BIND is not a loopback address and there is no TLS. Set SAFELIGHT_TLS_CERT and SAFELIGHT_TLS_KEY, or keep 127.0.0.1 and put a TLS proxy on this machine in front.",
      { place: "bind" },
    );
  }
  if (config.ohifPort !== undefined && config.ohifDir === undefined) {
    throw new Fault(
      "config.invalid",
      "SAFELIGHT_OHIF_PORT needs SAFELIGHT_OHIF_DIR beside it; docs/runbook/ohif.md tells how to get that folder.",
      {
        place: "ohifDir",
      },
    );
  }
}

/** An origin as the Fetch standard serialises it; a token sent by a plain page of another machine would be anybody's. */
function isForeignOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { origin, protocol, hostname } = new URL(value);
  if (origin !== value || hostname.includes("*")) return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

/** Whether only this machine can reach a listener on `address` (an IP address or "localhost"). */
export function isLoopback(address: string): boolean {
  if (address === "localhost" || address === "::1") return true;
  return isIP(address) === 4 && address.startsWith("127.");
}

/** The address people type, once the web port is known. */
export function publicUrl(config: Config, httpPort: number): string {
  return config.publicUrl ?? `${config.tlsCert === undefined ? "http" : "https"}://localhost:${httpPort}`;
}

/** Every setting with its value, where that comes from and what it is for, then those of later versions; secrets stay hidden. */
export function explainConfig(sources: ConfigSources = { env: process.env, cwd: process.cwd() }): string {
  const file = fromFile(sources.cwd);
  const env = fromEnvironment(sources.env);
  const config = readConfig(sources);
  const lines = SETTING_KEYS.map((key) => {
    const value = config[key] as unknown;
    const origin = key in env ? "environment" : key in file ? CONFIG_FILE : "default";
    const shown = value === undefined ? "(not set)" : typeof value === "string" ? value : JSON.stringify(value);
    return `${environmentName(key)}=${value instanceof Hidden ? "[hidden]" : shown}\n    ${key}, from ${origin}: ${Settings.shape[key].description ?? ""}`;
  });
  const later = Object.entries(LATER).map(
    ([key, what]) => `${environmentName(key)}=(not in this version)\n    ${key}: ${what}; setting it is refused`,
  );
  return `${[...lines, ...later].join("\n")}\n`;
}

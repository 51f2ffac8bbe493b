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
const yesNo = z.union([z.boolean(), z.stringbool()]);
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
  httpPort: port.default(8080).describe("web, DICOMweb and FHIR"),
  publicUrl: webAddress.optional().describe("address people type; http(s)://localhost:PORT unless set"),
  tlsCert: text.optional().describe("PEM file: certificate chain of the web and DICOM TLS listeners"),
  tlsKey: text.optional().describe("PEM file: its private key"),
  trustedProxies: list.default([]).describe("addresses or networks whose X-Forwarded-* are believed"),
  dicomPort: port.optional().describe("plain DICOM, loopback only, storing only; off unless set"),
  dicomTlsPort: port.default(2762).describe("DICOM over TLS"),
  hl7Port: port.optional().describe("plain HL7 (MLLP), loopback only; off unless set"),
  hl7TlsPort: port.default(2575).describe("HL7 (MLLP) over TLS"),
  ohifPort: port.optional().describe("origin of the optional OHIF viewer; off unless set"),
  ohifDir: text.optional().describe("folder of the built OHIF app (dist of @ohif/app), needed with ohifPort"),
  corsOrigins: origins
    .default([])
    .describe("origins of other viewers whose pages may ask DICOMweb, with a token and never with cookies"),
  databaseUrl: secret.optional().describe("an external PostgreSQL 15 or newer; the embedded one unless set"),
  databasePool: amount.default(20).describe("connections the serving role may hold"),
  s3Endpoint: webAddress.optional().describe("S3-compatible store for the sealed objects; a folder unless set"),
  s3Region: text.default("us-east-1").describe("its region"),
  s3Bucket: text.optional().describe("its bucket"),
  s3Prefix: z.string().trim().default("").describe("put before every object's name"),
  s3AccessKeyId: text.optional().describe("its access key"),
  s3SecretAccessKey: secret.optional().describe("its secret key"),
  s3PathStyle: yesNo.default(true).describe("bucket in the path instead of the host name"),
  smtpUrl: secret.optional().describe("smtp(s)://user:password@host:port; messages stay in the outbox unless set"),
  mailFrom: text.default("Safelight <safelight@localhost>").describe("sender of the messages"),
  kmsUrl: webAddress
    .optional()
    .describe("key service that wraps the organisations' keys; a master key file unless set"),
  kmsToken: secret.optional().describe("its token"),
  kmsKey: text.optional().describe("name of the wrapping key there"),
  metricsToken: secret.optional().describe("bearer token for /metrics; closed unless set"),
  logLevel: z
    .enum(["fatal", "error", "warn", "info", "debug", "silent"])
    .default("info")
    .describe("least level logged"),
});

type SettingKey = keyof typeof Settings.shape;
type Parsed = z.output<typeof Settings>;

/** What the program runs by. `dataDir` is absolute; secrets are Hidden. */
export type Config = Readonly<Parsed>;

export type ConfigSources = { env: Record<string, string | undefined>; cwd: string };

const SETTING_KEYS = Object.keys(Settings.shape) as SettingKey[];

function environmentName(key: SettingKey): string {
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
  const names = new Map(SETTING_KEYS.map((key) => [environmentName(key), key]));
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
  const parsed = Settings.safeParse(given);
  if (!parsed.success) throw new Fault("config.invalid", sayIssues(parsed.error), { place: placeOf(parsed.error) });
  const config = { ...parsed.data, dataDir: resolve(sources.cwd, parsed.data.dataDir) };
  refuseNonsense(config);
  return config;
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
  if (config.s3Endpoint !== undefined && config.s3Bucket === undefined) {
    throw new Fault("config.invalid", "SAFELIGHT_S3_ENDPOINT needs SAFELIGHT_S3_BUCKET beside it.", {
      place: "s3Bucket",
    });
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

/** Every setting with its value, where that comes from and what it is for; secrets stay hidden. */
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
  return `${lines.join("\n")}\n`;
}

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { Fault } from "#kit/fault.ts";
import { CONFIG_FILE, explainConfig, isLoopback, publicUrl, readConfig } from "./config.ts";

const folder = mkdtempSync(join(tmpdir(), "safelight-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const read = (env: Record<string, string>, file?: unknown) => {
  const place = mkdtempSync(join(folder, "cwd-"));
  if (file !== undefined)
    writeFileSync(join(place, CONFIG_FILE), typeof file === "string" ? file : JSON.stringify(file));
  return readConfig({ env, cwd: place });
};

const refusal = (run: () => unknown): Fault => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, "config.invalid");
    return error;
  }
  throw new assert.AssertionError({ message: "it was accepted" });
};

test("without any setting the contract's defaults hold", () => {
  const config = readConfig({ env: { PATH: "/bin" }, cwd: folder });
  assert.equal(config.httpPort, 8080);
  assert.equal(config.dicomTlsPort, 2762);
  assert.equal(config.dicomPort, undefined);
  assert.equal(config.bind, "127.0.0.1");
  assert.equal(config.dataDir, join(folder, ".safelight"));
  assert.equal(publicUrl(config, 8081), "http://localhost:8081");
});

test("the environment wins over the file, the file over the defaults", () => {
  const config = read({ SAFELIGHT_HTTP_PORT: "0" }, { httpPort: 9000, dicomPort: 11112 });
  assert.equal(config.httpPort, 0);
  assert.equal(config.dicomPort, 11112);
});

test("an empty variable is no setting", () => assert.equal(read({ SAFELIGHT_DICOM_PORT: "" }).dicomPort, undefined));

test("every environment name of the operator's contract whose part is here is taken", () => {
  const config = read({
    SAFELIGHT_DATA_DIR: "/srv/safelight",
    SAFELIGHT_HTTP_PORT: "1",
    SAFELIGHT_DICOM_PORT: "2",
    SAFELIGHT_DICOM_TLS_PORT: "3",
    DATABASE_URL: "postgres://u:p@h/d",
    SAFELIGHT_SMTP_URL: "smtp://u:p@mail",
    SAFELIGHT_PUBLIC_URL: "https://images.example/",
    SAFELIGHT_BIND: "127.0.0.2",
    SAFELIGHT_TLS_CERT: "cert.pem",
    SAFELIGHT_TLS_KEY: "key.pem",
    SAFELIGHT_TRUSTED_PROXIES: "10.0.0.1, ::1",
    SAFELIGHT_OHIF_PORT: "6",
    SAFELIGHT_OHIF_DIR: "/srv/ohif",
  });
  assert.equal(config.dataDir, "/srv/safelight");
  assert.deepEqual(config.trustedProxies, ["10.0.0.1", "::1"]);
  assert.equal(publicUrl(config, 1), "https://images.example");
});

const LATER = {
  SAFELIGHT_HL7_PORT: "2576",
  SAFELIGHT_HL7_TLS_PORT: "2575",
  SAFELIGHT_S3_ENDPOINT: "http://127.0.0.1:9000",
  SAFELIGHT_S3_REGION: "eu-central-1",
  SAFELIGHT_S3_BUCKET: "images",
  SAFELIGHT_S3_PREFIX: "clinic/",
  SAFELIGHT_S3_ACCESS_KEY_ID: "id",
  SAFELIGHT_S3_SECRET_ACCESS_KEY: "hunter2",
  SAFELIGHT_S3_PATH_STYLE: "true",
  SAFELIGHT_KMS_URL: "https://kms.example",
  SAFELIGHT_KMS_TOKEN: "hunter2",
  SAFELIGHT_KMS_KEY: "images",
};
for (const [name, value] of Object.entries(LATER)) {
  test(`${name} belongs to a part that is not in this version: refused by name, without its value`, () => {
    const { message } = refusal(() => read({ [name]: value }));
    assert.ok(message.startsWith(`${name} `), message);
    assert.match(message, /not in this version/);
    assert.doesNotMatch(message, /hunter2/);
    assert.match(explainConfig({ env: {}, cwd: folder }), new RegExp(`^${name}=\\(not in this version\\)$`, "m"));
  });
}

test("in the file they are refused likewise", () => {
  assert.match(refusal(() => read({}, { s3Bucket: "images" })).message, /SAFELIGHT_S3_BUCKET \(s3Bucket .*not in this/);
});

test("HL7 on any free port is no wish for a port: scripts that set every port to 0 start", () => {
  assert.equal(read({ SAFELIGHT_HL7_PORT: "0", SAFELIGHT_HL7_TLS_PORT: "0", SAFELIGHT_HTTP_PORT: "0" }).httpPort, 0);
});

test("an unknown SAFELIGHT_ variable is an error that names it", () => {
  assert.match(refusal(() => read({ SAFELIGHT_HTTP_PROT: "80" })).message, /SAFELIGHT_HTTP_PROT/);
});

test("an unknown key in the file is an error that names it", () => {
  assert.match(refusal(() => read({}, { htpPort: 80 })).message, /htpPort/);
});

test("a value that does not fit is refused by name and never repeated", () => {
  const fault = refusal(() => read({ SAFELIGHT_HTTP_PORT: "70000hunter2" }));
  assert.match(fault.message, /SAFELIGHT_HTTP_PORT/);
  assert.doesNotMatch(fault.message, /hunter2/);
});

test("a file that is not one JSON object is refused without quoting it", () => {
  for (const body of ['{"smtpUrl": "hunter2', "[]", "null", '"x"']) {
    assert.doesNotMatch(refusal(() => read({}, body)).message, /hunter2/);
  }
});

test("a listener beyond loopback without TLS is refused and told what to do", () => {
  for (const bind of ["0.0.0.0", "::", "192.168.1.5", "images.example"]) {
    assert.match(refusal(() => read({ SAFELIGHT_BIND: bind })).message, /SAFELIGHT_TLS_CERT/);
  }
  assert.equal(read({ SAFELIGHT_BIND: "0.0.0.0", SAFELIGHT_TLS_CERT: "c", SAFELIGHT_TLS_KEY: "k" }).bind, "0.0.0.0");
});

test("foreign origins are taken as browsers spell them, and nothing wider", () => {
  const read1 = (value: string) => read({ SAFELIGHT_CORS_ORIGINS: value }).corsOrigins;
  assert.deepEqual(read1("https://viewer.example, http://localhost:3000"), [
    "https://viewer.example",
    "http://localhost:3000",
  ]);
  assert.deepEqual(read({}).corsOrigins, []);
  for (const value of [
    "*",
    "null",
    "https://*.example",
    "viewer.example",
    "https://viewer.example/",
    "https://viewer.example/path",
    "https://viewer.example:443",
    "https://Viewer.example",
    "http://viewer.example",
    "https://user@viewer.example",
    "file:///viewer",
  ]) {
    assert.match(refusal(() => read1(value)).message, /SAFELIGHT_CORS_ORIGINS/, value);
  }
});

test("a port for OHIF without its folder is refused and told where that is explained", () => {
  assert.match(
    refusal(() => read({ SAFELIGHT_OHIF_PORT: "3000" })).message,
    /SAFELIGHT_OHIF_DIR.*docs\/runbook\/ohif\.md/,
  );
});

test("half a certificate is refused", () => {
  assert.match(refusal(() => read({ SAFELIGHT_TLS_KEY: "k" })).message, /both or neither/);
});

test("loopback is 127.0.0.0/8, ::1 and localhost, and nothing that looks like it", () => {
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "localhost"]) assert.ok(isLoopback(address), address);
  for (const address of ["0.0.0.0", "128.0.0.1", "127.0.0.1.example", "127.1", "::"])
    assert.ok(!isLoopback(address), address);
});

test("the explanation names every setting and its origin and shows no secret", () => {
  const env = { DATABASE_URL: "postgres://u:hunter2@h/d", SAFELIGHT_HTTP_PORT: "81" };
  const text = explainConfig({ env, cwd: folder });
  assert.match(text, /SAFELIGHT_HTTP_PORT=81\n {4}httpPort, from environment/);
  assert.match(text, /DATABASE_URL=\[hidden\]/);
  assert.match(text, /SAFELIGHT_SMTP_URL=\(not set\)/);
  const config = readConfig({ env, cwd: folder });
  for (const shown of [text, JSON.stringify(config), inspect(config), String(config.databaseUrl)]) {
    assert.doesNotMatch(shown, /hunter2/);
  }
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Fault } from "#kit/fault.ts";
import type { Peer } from "#platform/dicom/acceptor.ts";
import { createAuthority, issueCertificate } from "#platform/dicom/certificates.ts";
import { openDicomListener } from "#platform/dicom/listener.ts";
import { fingerprintOf } from "#platform/dicom/tls.ts";
import { STORAGE_SOP_CLASSES } from "#standards/dicom/sop-classes.ts";
import { TRANSFER_SYNTAXES } from "#standards/dicom/transfer-syntaxes.ts";
import { REJECTIONS, storageOffer } from "#standards/dimse/negotiate.ts";
import { filesBelow } from "../support/data.ts";
import { run, samplePart10 } from "../support/dcmtk.ts";

const folder = mkdtempSync(join(tmpdir(), "dimse-scp-"));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
};

const now = new Date();
const authority = await createAuthority({ name: "Interop CA", now });
const server = await issueCertificate({
  authority,
  commonName: "localhost",
  dnsNames: ["localhost"],
  ipAddresses: ["127.0.0.1"],
  usage: "server",
  days: 30,
  now,
});
const ca = file("ca.pem", authority.cert);

type Device = { key: string; cert: string; fingerprint: string };

/** A device's own key and self-signed certificate, made by openssl as a vendor would. */
async function selfSigned(name: string, algorithm: readonly string[], days = "30"): Promise<Device> {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const made = await run("openssl", [
    "req",
    "-x509",
    "-nodes",
    ...algorithm,
    "-keyout",
    key,
    "-out",
    cert,
    "-subj",
    `/CN=${name}`,
    "-days",
    days,
  ]);
  assert.equal(made.code, 0, made.output);
  return { key, cert, fingerprint: fingerprintOf(readFileSync(cert, "utf8")) };
}
const issued = await issueCertificate({ authority, commonName: "CT_1", usage: "client", days: 30, now });
const devices: Record<string, Device> = {
  "issued P-256": {
    key: file("issued.key", issued.key),
    cert: file("issued.pem", issued.cert),
    fingerprint: fingerprintOf(issued.cert),
  },
  "self-signed RSA 2048": await selfSigned("rsa", ["-newkey", "rsa:2048"]),
  "self-signed P-256": await selfSigned("p256", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
  "self-signed Ed25519": await selfSigned("ed25519", ["-newkey", "ed25519"]),
};
const known = new Set(Object.values(devices).map(({ fingerprint }) => fingerprint));
const stranger = await selfSigned("stranger", ["-newkey", "rsa:2048"]);
const rejected: { because: string; fingerprint: string | undefined }[] = [];
const received = new Map<string, string>();

const common = {
  bind: "127.0.0.1",
  port: 0,
  offer: storageOffer(
    STORAGE_SOP_CLASSES.map(({ uid }) => uid),
    TRANSFER_SYNTAXES.map(({ uid }) => uid),
  ),
  async decide({ calledAe, callingAe, certificate }: Peer) {
    if (calledAe === "NOBODY") return { reject: REJECTIONS["called-ae"], because: "no such AE" };
    if (callingAe === "UNKNOWN") return { reject: REJECTIONS["calling-ae"], because: "unknown AE" };
    if (certificate !== null && !known.has(certificate.fingerprint))
      return { reject: REJECTIONS["calling-ae"], because: "unknown certificate" };
    return { accept: true as const, context: callingAe };
  },
  async onStore(
    { sopInstanceUid, context }: { sopInstanceUid: string; context: string },
    dataSet: AsyncIterable<Uint8Array>,
  ) {
    const hash = createHash("sha256");
    for await (const chunk of dataSet) hash.update(chunk);
    if (context === "PICKY" && sopInstanceUid.endsWith("1")) {
      throw new Fault("dicom.missing", "(0010,0020) Patient ID is missing", { place: "(0010,0020) Patient ID" });
    }
    received.set(`${context} ${sopInstanceUid}`, hash.digest("hex"));
    return { status: 0 };
  },
  onRejected: (peer: Peer, _: unknown, because: string) =>
    rejected.push({ because, fingerprint: peer.certificate?.fingerprint }),
};
const plain = await openDicomListener<string>(common);
const secure = await openDicomListener<string>({
  ...common,
  tls: { key: server.key, cert: server.cert },
});
after(() => Promise.all([plain.close(0), secure.close(0)]));

const tlsArgs = ({ key, cert }: { key: string; cert: string }): string[] => ["+tls", key, cert, "+cf", ca];
const toPlain = ["127.0.0.1", String(plain.port)];
const toSecure = ["127.0.0.1", String(secure.port)];
/** As DCMTK writes them: storescu leaves out group lengths, and then sends what the file holds. */
const SLICES = await Promise.all(
  filesBelow("dicom/ct-lidc-0314")
    .slice(0, 16)
    .map(async (path, index) => {
      const copy = join(folder, `slice${index}.dcm`);
      const { code, output } = await run("dcmconv", ["--group-length-remove", path, copy]);
      assert.equal(code, 0, output);
      return copy;
    }),
);
const sample = (path: string) => {
  const found = samplePart10(readFileSync(path));
  assert.ok(found, path);
  return { ...found, sha256: createHash("sha256").update(found.dataSet).digest("hex") };
};

test("echoscu is answered, plain", async () => {
  const { code, output } = await run("echoscu", ["-v", ...toPlain]);
  assert.equal(code, 0, output);
  assert.match(output, /Received Echo Response \(Success\)/);
});

for (const [name, device] of Object.entries(devices)) {
  test(`echoscu is answered over TLS with a certificate: ${name}`, async () => {
    const { code, output } = await run("echoscu", ["-v", ...tlsArgs(device), ...toSecure]);
    assert.equal(code, 0, output);
  });
}

test("an unknown certificate gets A-ASSOCIATE-RJ 1/1/3, not a broken handshake, and is recorded with its fingerprint", async () => {
  const { code, output } = await run("echoscu", ["-v", ...tlsArgs(stranger), ...toSecure]);
  assert.notEqual(code, 0);
  assert.match(output, /Result: Rejected Permanent, Source: Service User/);
  assert.match(output, /Reason: Calling AE Title Not Recognized/);
  assert.deepEqual(rejected.at(-1), { because: "unknown certificate", fingerprint: stranger.fingerprint });
});

test("a peer without certificate gets A-ASSOCIATE-RJ 1/1/3", async () => {
  const { code, output } = await run("echoscu", ["-v", "+tla", "+cf", ca, ...toSecure]);
  assert.notEqual(code, 0);
  assert.match(output, /Reason: Calling AE Title Not Recognized/);
  assert.deepEqual(rejected.at(-1), { because: "no certificate", fingerprint: undefined });
});

test("a known certificate that is not valid any more gets A-ASSOCIATE-RJ 1/1/3", async () => {
  const later = await openDicomListener<string>({
    ...common,
    tls: { key: server.key, cert: server.cert },
    clock: () => new Date(now.getTime() + 40 * 86_400_000),
  });
  const device = devices["self-signed P-256"];
  assert.ok(device);
  const { code, output } = await run("echoscu", ["-v", ...tlsArgs(device), "127.0.0.1", String(later.port)]);
  await later.close(0);
  assert.notEqual(code, 0);
  assert.match(output, /Reason: Calling AE Title Not Recognized/);
  assert.equal(rejected.at(-1)?.because, "the certificate is not valid today");
});

for (const [what, args, reason] of [
  ["an unknown calling AE title", ["-aet", "UNKNOWN"], /Calling AE Title Not Recognized/],
  ["an unknown called AE title", ["-aec", "NOBODY"], /Called AE Title Not Recognized/],
] as const) {
  test(`${what} is rejected for just that`, async () => {
    const { code, output } = await run("echoscu", ["-v", ...args, ...toPlain]);
    assert.notEqual(code, 0);
    assert.match(output, reason);
  });
}

test("a plain peer on the TLS port, and a TLS peer on the plain one, fail fast and harm nobody", async () => {
  assert.notEqual((await run("echoscu", ["-to", "5", ...toSecure])).code, 0);
  assert.notEqual((await run("echoscu", ["-to", "5", ...tlsArgs(stranger), ...toPlain])).code, 0);
  assert.equal((await run("echoscu", toPlain)).code, 0);
});

test("BCP 195: TLS 1.0 and 1.1 are refused, 1.2 and 1.3 taken, without CBC, without resumption", async () => {
  const client = async (...args: string[]) =>
    run("openssl", ["s_client", "-connect", `127.0.0.1:${secure.port}`, "-CAfile", ca, ...args]);
  for (const old of ["-tls1", "-tls1_1"]) assert.notEqual((await client(old, "-cipher", "ALL:@SECLEVEL=0")).code, 0);
  for (const version of ["-tls1_2", "-tls1_3"])
    assert.match((await client(version)).output, /No client certificate CA names sent.*Verify return code: 0 \(ok\)/s);
  for (const weak of ["ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256", "NULL"]) {
    assert.notEqual((await client("-tls1_2", "-cipher", `${weak}:@SECLEVEL=0`)).code, 0, weak);
  }
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const stored = join(folder, `tls${version}`);
    await client(version, "-sess_out", stored);
    const again = await client(version, "-sess_in", stored);
    assert.doesNotMatch(again.output, /^Reused/m, version);
  }
});

test("sixteen storescu at once over TLS: every data set arrives as its file has it", async () => {
  const device = devices["issued P-256"];
  assert.ok(device);
  const runs = await Promise.all(
    Array.from({ length: 16 }, (_, index) =>
      run("storescu", [
        "-R",
        ...tlsArgs(device),
        "-aet",
        `SCU_${index}`,
        "--max-send-pdu",
        index % 2 ? "131072" : "16384",
        ...toSecure,
        ...SLICES,
      ]),
    ),
  );
  for (const { code, output } of runs) assert.equal(code, 0, output);
  for (const path of SLICES) {
    const { sopInstance, sha256 } = sample(path);
    for (let index = 0; index < 16; index += 1) assert.equal(received.get(`SCU_${index} ${sopInstance}`), sha256);
  }
});

test("one refused instance leaves the association's others alone, and storescu shows the comment", async () => {
  const refused = SLICES.filter((path) => sample(path).sopInstance.endsWith("1"));
  assert.ok(refused.length > 0 && refused.length < SLICES.length);
  const { output } = await run("storescu", ["-R", "-d", "-nh", "-aet", "PICKY", ...toPlain, ...SLICES]);
  assert.equal(output.match(/Received Store Response/g)?.length, SLICES.length);
  assert.equal(output.match(/DIMSE Status\s+: 0xa900/gi)?.length, refused.length, output.slice(-2000));
  assert.match(output, /\(0010,0020\) Patient ID is missing/);
  assert.equal([...received.keys()].filter((key) => key.startsWith("PICKY ")).length, SLICES.length - refused.length);
});

test("a user identity that wants a positive response is rejected, one that does not is taken as no identity", async () => {
  const [slice] = SLICES;
  assert.ok(slice);
  const rejectedHere = await run("storescu", ["-v", "-R", "-usr", "u", "-pwd", "p", "-rsp", ...toPlain, slice]);
  assert.notEqual(rejectedHere.code, 0);
  assert.match(rejectedHere.output, /Rejected Permanent/);
  assert.equal((await run("storescu", ["-R", "-usr", "u", ...toPlain, slice])).code, 0);
});

test("termscu's private shutdown request is not understood as anything", async () => {
  const { code } = await run("termscu", toPlain);
  assert.notEqual(code, 0);
  assert.equal((await run("echoscu", toPlain)).code, 0);
});

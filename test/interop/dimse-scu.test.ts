import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { createAuthority, issueCertificate } from "#platform/dicom/certificates.ts";
import { type AssociationOptions, openAssociation } from "#platform/dicom/client.ts";
import { openDicomListener } from "#platform/dicom/listener.ts";
import { fingerprintOf } from "#platform/dicom/tls.ts";
import { STORAGE_SOP_CLASSES } from "#standards/dicom/sop-classes.ts";
import { TRANSFER_SYNTAXES } from "#standards/dicom/transfer-syntaxes.ts";
import { IMPLICIT_LITTLE_ENDIAN, storageOffer, VERIFICATION } from "#standards/dimse/negotiate.ts";
import { filesBelow, nameOf } from "../support/data.ts";
import { freePort, type SampleFile, samplePart10, serve } from "../support/dcmtk.ts";

const folder = mkdtempSync(join(tmpdir(), "dimse-scu-"));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
};

const now = new Date();
const authority = await createAuthority({ name: "Interop CA", now });
const named = { authority, dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], days: 30, now };
const server = await issueCertificate({ ...named, commonName: "localhost", usage: "both" });
const client = await issueCertificate({ ...named, commonName: "SAFELIGHT", usage: "client" });
const [ca, serverKey, serverCert] = [
  file("ca.pem", authority.cert),
  file("server.key", server.key),
  file("server.pem", server.cert),
];

const verification = { abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT_LITTLE_ENDIAN] };
const SLICES = filesBelow("dicom/ct-lidc-0314").slice(0, 8);

async function storescp(t: TestContext, ...args: string[]): Promise<{ port: number; got: () => Map<string, string> }> {
  const port = await freePort();
  const out = join(folder, String(port));
  mkdirSync(out);
  const child = await serve("storescp", [...args, "+B", "-od", out, String(port)], port);
  t.after(() => child.kill());
  return {
    port,
    got: () =>
      new Map(
        readdirSync(out).map((name) => {
          const stored = samplePart10(readFileSync(join(out, name)));
          assert.ok(stored, name);
          return [stored.sopInstance, createHash("sha256").update(stored.dataSet).digest("hex")];
        }),
      ),
  };
}

async function storeSlices(options: Pick<AssociationOptions, "port" | "tls">): Promise<Map<string, string>> {
  const samples = SLICES.map((path) => samplePart10(readFileSync(path))).filter((sample) => sample !== undefined);
  const contexts = [verification, ...contextsOf(samples)];
  const association = await openAssociation({
    host: "127.0.0.1",
    callingAe: "SAFELIGHT",
    calledAe: "STORESCP",
    contexts,
    ...options,
  });
  assert.deepEqual(await association.echo(), { status: 0 });
  for (const sample of samples) assert.deepEqual(await association.store(sample), { status: 0 });
  await association.release();
  return new Map(
    samples.map(({ sopInstance, dataSet }) => [sopInstance, createHash("sha256").update(dataSet).digest("hex")]),
  );
}

function contextsOf(samples: readonly SampleFile[]): { abstractSyntax: string; transferSyntaxes: string[] }[] {
  const pairs = new Set(samples.map(({ sopClass, transferSyntax }) => `${sopClass} ${transferSyntax}`));
  return [...pairs].map((pair) => {
    const [abstractSyntax = "", transferSyntax = ""] = pair.split(" ");
    return { abstractSyntax, transferSyntaxes: [transferSyntax] };
  });
}

for (const [what, args] of [
  ["as it comes", []],
  ["with PDUs of 4 KiB", ["-pdu", "4096"]],
  ["with PDUs of 128 KiB", ["-pdu", "131072"]],
] as const) {
  test(`storescp, ${what}, keeps what we store byte for byte`, async (t) => {
    const { port, got } = await storescp(t, ...args);
    assert.deepEqual(got(), new Map());
    const sent = await storeSlices({ port });
    assert.deepEqual(got(), sent);
  });
}

test("storescp over TLS: it asks for our certificate, we check its name and authority, or its fingerprint", async (t) => {
  const { port, got } = await storescp(t, "+tls", serverKey, serverCert, "+cf", ca, "-rc");
  const sent = await storeSlices({ port, tls: { ...client, ca: authority.cert } });
  assert.deepEqual(got(), sent);
  await storeSlices({ port, tls: { ...client, fingerprint: fingerprintOf(server.cert) } });
  const another = await createAuthority({ name: "Another CA", now });
  const refusals: [NonNullable<AssociationOptions["tls"]>, string][] = [
    [{ ...client, ca: another.cert }, "another authority"],
    [{ ...client, ca: authority.cert, servername: "elsewhere.example" }, "another name"],
    [{ ...client, fingerprint: fingerprintOf(client.cert) }, "another fingerprint"],
  ];
  for (const [tls, what] of refusals) await assert.rejects(storeSlices({ port, tls }), { code: "peer.refused" }, what);
});

test("every sample of a storage class, in its own transfer syntax, reaches our own listener over TLS byte for byte", async (t) => {
  const received = new Map<string, string>();
  const offer = storageOffer(
    STORAGE_SOP_CLASSES.map(({ uid }) => uid),
    TRANSFER_SYNTAXES.map(({ uid }) => uid),
  );
  const listener = await openDicomListener<null>({
    bind: "127.0.0.1",
    port: 0,
    tls: { key: server.key, cert: server.cert },
    offer,
    decide: async () => ({ accept: true, context: null }),
    async onStore({ messageId, transferSyntax }, dataSet) {
      const hash = createHash("sha256");
      for await (const chunk of dataSet) hash.update(chunk);
      received.set(String(messageId), `${transferSyntax} ${hash.digest("hex")}`);
      return { status: 0 };
    },
  });
  t.after(() => listener.close(0));
  const samples = [...filesBelow("dicom"), ...filesBelow("charset")].flatMap((path) => {
    const sample = samplePart10(readFileSync(path));
    return sample !== undefined && offer.has(sample.sopClass) ? [{ ...sample, name: nameOf(path) }] : [];
  });
  assert.ok(samples.length > 380, `${samples.length} samples`);
  const contexts = contextsOf(samples);
  assert.ok(contexts.length <= 128, `${contexts.length} contexts`);
  const association = await openAssociation({
    host: "localhost",
    port: listener.port,
    tls: { ...client, ca: authority.cert },
    callingAe: "SAFELIGHT",
    calledAe: "SAFELIGHT",
    contexts,
  });
  assert.equal(association.accepted.size, contexts.length);
  for (const [index, sample] of samples.entries()) {
    assert.deepEqual(await association.store(sample), { status: 0 }, sample.name);
    const sha256 = createHash("sha256").update(sample.dataSet).digest("hex");
    assert.equal(received.get(String(index + 1)), `${sample.transferSyntax} ${sha256}`, sample.name);
  }
  await association.release();
});

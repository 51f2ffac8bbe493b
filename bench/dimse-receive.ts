/**
 * How fast the DICOM listener takes C-STORE when storing costs nothing: DCMTK's storescu sends CT slices of 0.5 MB over
 * loopback, plain and over TLS, with few and many associations. `node bench/dimse-receive.ts [OBJECTS]`.
 *
 * storescu leaves Nagle's algorithm on unless TCP_NODELAY is set; one association is measured both ways.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority, issueCertificate } from "#platform/dicom/certificates.ts";
import { openDicomListener } from "#platform/dicom/listener.ts";
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, storageOffer } from "#standards/dimse/negotiate.ts";
import { filesBelow } from "../test/support/data.ts";
import { run } from "../test/support/dcmtk.ts";

const OBJECTS = Number(process.argv[2] ?? 320);
const ROUNDS = 3;
const CT = "1.2.840.10008.5.1.4.1.1.2";

const folder = mkdtempSync(join(tmpdir(), "dimse-receive-"));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const now = new Date();
const authority = await createAuthority({ name: "Bench CA", now });
const server = await issueCertificate({
  authority,
  commonName: "localhost",
  ipAddresses: ["127.0.0.1"],
  usage: "server",
  days: 2,
  now,
});
const device = await issueCertificate({ authority, commonName: "BENCH", usage: "client", days: 2, now });
const tlsArgs = ["+tls", file("key", device.key), file("cert", device.cert), "+cf", file("ca", authority.cert)];

let received = 0;
const common = {
  bind: "127.0.0.1",
  port: 0,
  offer: storageOffer([CT], [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN]),
  decide: async () => ({ accept: true as const, context: null }),
  async onStore(_: unknown, dataSet: AsyncIterable<Uint8Array>) {
    for await (const chunk of dataSet) received += chunk.length;
    return { status: 0 };
  },
};
const plain = await openDicomListener<null>(common);
const secure = await openDicomListener<null>({ ...common, tls: { key: server.key, cert: server.cert } });

const [slice = ""] = filesBelow("dicom/ct-lidc-0314");
const megabytes = statSync(slice).size / 1e6;

type Measured = { megabytesPerSecond: number; objectsPerSecond: number; receiverNanosecondsPerByte: number };

async function measure(port: number, tls: boolean, associations: number, nodelay: boolean): Promise<Measured> {
  const repeat = Math.ceil(OBJECTS / associations);
  const args = [...(tls ? tlsArgs : []), "--max-send-pdu", "131072", "+II", "+IR", "100", "+IS", "1", "+IP", "1"];
  const bytesBefore = received;
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const runs = await Promise.all(
    Array.from({ length: associations }, () =>
      run(
        "storescu",
        [...args, "--repeat", String(repeat), "127.0.0.1", String(port), slice],
        nodelay ? { TCP_NODELAY: "1" } : {},
      ),
    ),
  );
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const failed = runs.find(({ code }) => code !== 0);
  if (failed !== undefined) throw new Error(failed.output);
  const objects = repeat * associations;
  return {
    megabytesPerSecond: (objects * megabytes) / seconds,
    objectsPerSecond: objects / seconds,
    receiverNanosecondsPerByte: ((user + system) * 1000) / (received - bytesBefore),
  };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const cases = [
  { associations: 1, nodelay: false },
  { associations: 1, nodelay: true },
  { associations: 8, nodelay: false },
  { associations: 16, nodelay: false },
].flatMap((row) => [false, true].map((tls) => ({ ...row, tls })));

const results = cases.map((row) => ({ ...row, rounds: [] as Measured[] }));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { tls, associations, nodelay, rounds } of results) {
    rounds.push(await measure((tls ? secure : plain).port, tls, associations, nodelay));
  }
}
console.table(
  results.map(({ rounds, ...row }) => ({
    ...row,
    "MB/s": Math.round(median(rounds.map(({ megabytesPerSecond }) => megabytesPerSecond))),
    "objects/s": Math.round(median(rounds.map(({ objectsPerSecond }) => objectsPerSecond))),
    "receiver ns/B": median(rounds.map(({ receiverNanosecondsPerByte }) => receiverNanosecondsPerByte)).toFixed(2),
  })),
);
console.log(
  `load ${readFileSync("/proc/loadavg", "utf8").trim()}, ${ROUNDS} rounds of ${OBJECTS} objects of ${megabytes.toFixed(2)} MB`,
);
await Promise.all([plain.close(), secure.close()]);
rmSync(folder, { recursive: true });

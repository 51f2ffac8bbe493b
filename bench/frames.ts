import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { bigMultiframe, syntheticCtSlice } from "#phantoms/bench-objects.ts";
import { boundaryOf, readMultipart } from "#standards/dicomweb/multipart.ts";
import type { Orthanc } from "../test/support/orthanc.ts";
import { TestServer } from "../test/support/server.ts";
import { fastestOrthanc } from "./support/orthanc.ts";
import { keepResults, median } from "./support/results.ts";
import { storeByWeb } from "./support/stow.ts";
import { requestsPerSecond } from "./support/wrk.ts";

/**
 * WADO-RS frames: Safelight (bearer token, verdict per object, unsealing, on the record) beside Orthanc without any of it, over
 * plain HTTP on loopback, interleaved. The frames are asked for in turn, as a viewer loads a study; before that each is fetched
 * once from both, and must be the same pixels.
 */
type Source = { name: string; url: string; root: string; headers: Record<string, string> };
type Kind = { name: string; objects: Iterable<Uint8Array> };

const SECONDS = 4;
const CONNECTIONS = [1, 8] as const;
const ACCEPT = 'multipart/related; type="application/octet-stream"';

function* slices(size: number, count: number, study: number): Generator<Uint8Array> {
  for (let at = 1; at <= count; at++) yield syntheticCtSlice({ uidSuffix: study * 1_000_000 + at, study, size }).part10;
}

function* multiframe(bytes: number): Generator<Uint8Array> {
  yield Buffer.concat([...bigMultiframe({ bytes, uidSuffix: 3 }).chunks]);
}

/** Two studies of one image an object, of which the first is larger than Orthanc's cache of 128 MB; and one object of many. */
const KINDS: readonly Kind[] = [
  { name: "CT, 300 slices of 512 × 512", objects: slices(512, 300, 1) },
  { name: "MR, 300 slices of 64 × 64", objects: slices(64, 300, 2) },
  { name: "one object of 32 frames of 1024 × 1024", objects: multiframe(64 * 1024 * 1024) },
];

/** Stores an object in both and answers the paths of its frames below a DICOMweb root. */
async function fill(server: TestServer, token: string, orthanc: Orthanc, part10: Uint8Array): Promise<string[]> {
  await storeByWeb(server, token, [part10]);
  const stored = (await (await orthanc.ask("POST", "/instances", part10)).json()) as { ID: string };
  const said = await orthanc.ask("GET", `/instances/${stored.ID}/simplified-tags`);
  const tags = (await said.json()) as Record<string, string>;
  const object = `/studies/${tags.StudyInstanceUID}/series/${tags.SeriesInstanceUID}/instances/${tags.SOPInstanceUID}`;
  return Array.from({ length: Number(tags.NumberOfFrames ?? 1) }, (_, at) => `${object}/frames/${at + 1}`);
}

async function pixelsOf({ url, root, headers }: Source, path: string): Promise<string> {
  const response = await fetch(`${url}${root}${path}`, { headers });
  assert.equal(response.status, 200, `${url}${root}${path}`);
  assert.ok(response.body);
  const hash = createHash("sha256");
  for await (const part of readMultipart(response.body, boundaryOf(response.headers.get("content-type") ?? "")))
    for await (const piece of part.body) hash.update(piece);
  return hash.digest("hex");
}

async function compare(sources: readonly [Source, Source], paths: readonly string[], repeats: number) {
  for (const path of paths) assert.equal(await pixelsOf(sources[0], path), await pixelsOf(sources[1], path), path);
  const rates = sources.map(({ name }) => ({ name, framesPerSecond: new Map<number, number[]>() }));
  for (let repeat = 0; repeat < repeats; repeat++)
    for (const connections of CONNECTIONS)
      for (const [at, { name, url, root, headers }] of sources.entries()) {
        const whole = paths.map((path) => root + path);
        const rate = await requestsPerSecond({ url, headers, paths: whole, connections, seconds: SECONDS });
        const kept = rates[at]?.framesPerSecond;
        kept?.set(connections, [...(kept.get(connections) ?? []), rate]);
        process.stdout.write(`  ${name}, ${connections} at once: ${rate.toFixed(0)} frames/s\n`);
      }
  const [ours = 0, theirs = 0] = rates.map(({ framesPerSecond }) => Math.max(...framesPerSecond.values().map(median)));
  const raw = rates.map(({ name, framesPerSecond }) => ({
    name,
    framesPerSecond: Object.fromEntries(framesPerSecond),
  }));
  return { ours, theirs, ratio: ours / theirs, raw };
}

async function main(repeats: number): Promise<void> {
  const server = await TestServer.start();
  const token = await server.token(await server.organisation("Bench"));
  const orthanc = await fastestOrthanc();
  const sources = [
    {
      name: "Safelight",
      url: server.url,
      root: "/dicomweb",
      headers: { accept: ACCEPT, authorization: `Bearer ${token}` },
    },
    { name: "Orthanc", url: orthanc.url, root: "/dicom-web", headers: { accept: ACCEPT } },
  ] as const;
  const results: (Awaited<ReturnType<typeof compare>> & { kind: string })[] = [];
  try {
    for (const { name, objects } of KINDS) {
      process.stdout.write(`${name}\n`);
      const paths: string[] = [];
      for (const part10 of objects) paths.push(...(await fill(server, token, orthanc, part10)));
      results.push({ kind: name, ...(await compare(sources, paths, repeats)) });
    }
  } finally {
    await orthanc.stop();
    await server.remove();
  }
  process.stdout.write(`Medians of ${repeats}, each at its best:\n`);
  for (const { kind, ours, theirs, ratio } of results)
    process.stdout.write(
      `${kind}: ${ours.toFixed(0)} against ${theirs.toFixed(0)} frames/s, ratio ${ratio.toFixed(1)}\n`,
    );
  await keepResults("frames", { repeats, results });
}

if (import.meta.main) await main(Number(process.argv[2] ?? 5));

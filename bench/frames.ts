import { Agent, get } from "node:http";
import { syntheticCtSlice } from "#phantoms/bench-objects.ts";
import type { Orthanc } from "../test/support/orthanc.ts";
import { TestServer } from "../test/support/server.ts";
import { fastestOrthanc } from "./support/orthanc.ts";
import { keepResults, median } from "./support/results.ts";
import { storeByWeb } from "./support/stow.ts";

/**
 * WADO-RS frames of CT slices (0.5 MB each): Safelight (bearer token, verdict per object, unsealing, on the record) beside
 * Orthanc without any of it, over plain HTTP on loopback, interleaved, one after another and eight at once.
 */
type Source = {
  name: string;
  base: string;
  headers: Record<string, string>;
  agent: Agent;
  rates: Map<number, number[]>;
};

const SLICES = 80;
const FETCHES = 240;
const FRAME_BYTES = 512 * 512 * 2;

type Place = { study: string; series: string; instance: string };

/** The first frame, of which at least the pixels must come. */
function fetchFrame({ base, headers, agent }: Source, { study, series, instance }: Place): Promise<void> {
  const path = `${base}/studies/${study}/series/${series}/instances/${instance}/frames/1`;
  return new Promise((resolve, reject) => {
    const asked = get(path, { agent, headers }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => (bytes += chunk.length));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200 && bytes >= FRAME_BYTES) resolve();
        else reject(new Error(`${path}: ${response.statusCode}, ${bytes} bytes`));
      });
    });
    asked.on("error", reject);
  });
}

async function rateOf(source: Source, places: readonly Place[], atOnce: number): Promise<number> {
  const began = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < FETCHES; at = next++) await fetchFrame(source, places[at % places.length] as Place);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return FETCHES / ((performance.now() - began) / 1000);
}

async function fill(server: TestServer, token: string, orthanc: Orthanc): Promise<Place[]> {
  const places: Place[] = [];
  for (let at = 0; at < SLICES; at++) {
    const { part10, sopInstanceUid } = syntheticCtSlice({ uidSuffix: at + 1, study: 1 });
    await storeByWeb(server, token, [part10]);
    await orthanc.ask("POST", "/instances", part10);
    const text = Buffer.from(part10).toString("latin1", 0, 4096);
    places.push({
      study: /2\.25\.72\d+/.exec(text)?.[0] ?? "",
      series: /2\.25\.73\d+/.exec(text)?.[0] ?? "",
      instance: sopInstanceUid,
    });
  }
  return places;
}

async function main(repeats: number): Promise<void> {
  const server = await TestServer.start();
  const token = await server.token(await server.organisation("Bench"));
  const orthanc = await fastestOrthanc();
  const accept = 'multipart/related; type="application/octet-stream"';
  const source = (name: string, base: string, headers: Record<string, string>): Source => ({
    name,
    base,
    headers: { accept, ...headers },
    agent: new Agent({ keepAlive: true }),
    rates: new Map(),
  });
  const sources = [
    source("Safelight", `${server.url}/dicomweb`, { authorization: `Bearer ${token}` }),
    source("Orthanc", `${orthanc.url}/dicom-web`, {}),
  ] as const;
  try {
    const places = await fill(server, token, orthanc);
    for (let repeat = 0; repeat < repeats; repeat++)
      for (const atOnce of [1, 8])
        for (const one of sources) {
          const rate = await rateOf(one, places, atOnce);
          one.rates.set(atOnce, [...(one.rates.get(atOnce) ?? []), rate]);
          process.stdout.write(`${one.name}, ${atOnce} at once: ${rate.toFixed(0)} frames/s\n`);
        }
  } finally {
    for (const { agent } of sources) agent.destroy();
    await orthanc.stop();
    await server.remove();
  }
  const best = ({ rates }: Source): number => Math.max(...[...rates.values()].map(median));
  const ratio = best(sources[0]) / best(sources[1]);
  process.stdout.write(
    `Median of ${repeats}, each at its best: ${best(sources[0]).toFixed(0)} against ${best(sources[1]).toFixed(0)} frames/s, ratio ${ratio.toFixed(1)}\n`,
  );
  const raw = sources.map(({ name, rates }) => ({ name, framesPerSecond: Object.fromEntries(rates) }));
  await keepResults("frames", { repeats, ratio, raw });
}

if (import.meta.main) await main(Number(process.argv[2] ?? 5));

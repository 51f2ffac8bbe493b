import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { syntheticCtSlice } from "#phantoms/bench-objects.ts";
import { TestServer } from "../test/support/server.ts";
import { fastestOrthanc } from "./support/orthanc.ts";
import { keepResults, median } from "./support/results.ts";

/**
 * C-STORE of 0.5 MB CT slices into Safelight (TLS, sealing, index, record, fsync before the answer) beside Orthanc plain at its
 * fastest settings, interleaved in one run, with the same senders (storescu) for both.
 */
type Receiver = { name: string; args: readonly string[]; rates: Map<number, number[]> };

const SLICE_MB = (512 * 512 * 2) / 1e6;
/** Associations → objects of each: long enough that the start of the senders does not weigh. */
const LOADS = [
  [1, 100],
  [8, 60],
  [16, 40],
  [32, 30],
] as const;

async function slices(folder: string, associations: number, each: number, from: number): Promise<string[]> {
  const folders: string[] = [];
  for (let sender = 0; sender < associations; sender++) {
    const place = join(folder, `${from}-${sender}`);
    await mkdir(place, { recursive: true });
    for (let at = 0; at < each; at++)
      await writeFile(
        join(place, `${at}.dcm`),
        syntheticCtSlice({ uidSuffix: from + sender * each + at, study: from + sender }).part10,
      );
    folders.push(place);
  }
  return folders;
}

function finished(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a sender ended with ${code}`))));
  });
}

/** Objects per second of all senders together. */
async function rateOf(receiver: Receiver, folders: readonly string[], each: number): Promise<number> {
  const began = performance.now();
  await Promise.all(
    folders.map((folder) =>
      finished(
        spawn("storescu", ["-pdu", "131072", "-aet", "BENCH", "-aec", "BENCH", ...receiver.args, "+sd", folder], {
          stdio: "ignore",
          env: { ...process.env, TCP_NODELAY: "1" },
        }),
      ),
    ),
  );
  return (folders.length * each) / ((performance.now() - began) / 1000);
}

async function round(receivers: readonly Receiver[], folder: string, from: number): Promise<number> {
  let next = from;
  for (const [associations, each] of LOADS) {
    for (const receiver of receivers) {
      const folders = await slices(folder, associations, each, next);
      next += associations * (each + 1);
      const rate = await rateOf(receiver, folders, each);
      receiver.rates.set(associations, [...(receiver.rates.get(associations) ?? []), rate]);
      const figures = `${(rate * SLICE_MB).toFixed(0)} MB/s, ${rate.toFixed(0)} objects/s`;
      process.stdout.write(`${receiver.name}, ${associations} associations: ${figures}\n`);
      for (const one of folders) await rm(one, { recursive: true, force: true });
    }
  }
  return next;
}

const mbPerSecond = (receiver: Receiver, associations: number): number =>
  median(receiver.rates.get(associations) ?? []) * SLICE_MB;
const best = (receiver: Receiver): number =>
  Math.max(...[8, 16, 32].map((associations) => mbPerSecond(receiver, associations)));

async function main(repeats: number): Promise<void> {
  const folder = await mkdtemp("/dev/shm/safelight-bench-");
  const server = await TestServer.start();
  const device = await server.device(await server.organisation("Bench"), "BENCH");
  const orthanc = await fastestOrthanc();
  const ours: Receiver = {
    name: "Safelight, TLS, sealed, indexed, on the record, fsync",
    args: ["+tls", device.key, device.cert, "+cf", device.ca, "localhost", String(server.ports.dicomTls)],
    rates: new Map(),
  };
  const theirs: Receiver = {
    name: "Orthanc, plain, no fsync",
    args: ["127.0.0.1", String(orthanc.dicom)],
    rates: new Map(),
  };
  try {
    for (let repeat = 0, from = 1; repeat < repeats; repeat++) from = await round([ours, theirs], folder, from);
  } finally {
    await orthanc.stop();
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  }
  const many = best(ours) / best(theirs);
  const single = mbPerSecond(ours, 1) / mbPerSecond(theirs, 1);
  process.stdout.write(
    `Median of ${repeats}: best of 8, 16, 32 associations ${best(ours).toFixed(0)} against ${best(theirs).toFixed(0)} MB/s, ratio ${many.toFixed(2)}; one association ratio ${single.toFixed(1)}\n`,
  );
  const raw = [ours, theirs].map(({ name, rates }) => ({ name, objectsPerSecond: Object.fromEntries(rates) }));
  await keepResults("ingest", { repeats, megabytesPerObject: SLICE_MB, ratioAtBest: many, ratioAtOne: single, raw });
}

if (import.meta.main) await main(Number(process.argv[2] ?? 5));

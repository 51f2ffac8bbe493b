import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { syntheticCtSlice } from "#phantoms/bench-objects.ts";
import { TestServer } from "../test/support/server.ts";

/**
 * Acceptance 6: C-STORE of 0.5 MB CT slices into Safelight (TLS, sealing, index, record, fsync) beside Orthanc plain at its fastest
 * settings, each at 1, 8, 16 and 32 associations, interleaved; the same senders (storescu) for both.
 */
export type Rate = { associations: number; megabytesPerSecond: number; objectsPerSecond: number };
type Receiver = { name: string; args: readonly string[]; rates: Rate[] };

const SLICE = 512 * 512 * 2;

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

async function measure(receiver: Receiver, folders: readonly string[], each: number): Promise<Rate> {
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
  const seconds = (performance.now() - began) / 1000;
  const objects = folders.length * each;
  return {
    associations: folders.length,
    megabytesPerSecond: (objects * SLICE) / 1e6 / seconds,
    objectsPerSecond: objects / seconds,
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Orthanc with the fastest settings known (docs/performance.md), on loopback, with a folder of its own. */
export async function startOrthanc(
  folder: string,
): Promise<{ dicom: number; http: number; stop: () => Promise<void> }> {
  const [dicom, http] = [await freePort(), await freePort()];
  const file = join(folder, "orthanc.json");
  await writeFile(
    file,
    JSON.stringify({
      Name: "bench",
      StorageDirectory: join(folder, "store"),
      IndexDirectory: join(folder, "store"),
      DicomPort: dicom,
      HttpPort: http,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      SyncStorageArea: false,
      StorageAccessOnFind: "Never",
      DicomThreadsCount: 32,
      MaximumPduLength: 131072,
      SaveJobs: false,
      KeepAlive: true,
      TcpNoDelay: true,
      DicomAlwaysAllowStore: true,
      DicomCheckCalledAet: false,
      Plugins: ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
      DicomWeb: { Enable: true, StudiesMetadata: "MainDicomTags", SeriesMetadata: "MainDicomTags" },
    }),
  );
  const child = spawn("/usr/sbin/Orthanc", [file], { stdio: "ignore" });
  for (let tries = 0; tries < 100; tries++) {
    if (
      await fetch(`http://127.0.0.1:${http}/system`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    dicom,
    http,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

export async function benchIngest(repeats: number): Promise<{ receiver: string; rates: Rate[] }[]> {
  const folder = await mkdtemp("/dev/shm/safelight-bench-");
  const server = await TestServer.start();
  const organisation = await server.organisation("Bench");
  const device = await server.device(organisation, "BENCH");
  const orthanc = await startOrthanc(folder);
  const receivers: Receiver[] = [
    {
      name: "Safelight, TLS, sealed, indexed, on the record, fsync",
      args: ["+tls", device.key, device.cert, "+cf", device.ca, "localhost", String(server.ports.dicomTls)],
      rates: [],
    },
    { name: "Orthanc, plain, no fsync", args: ["127.0.0.1", String(orthanc.dicom)], rates: [] },
  ];
  try {
    let from = 1;
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const [associations, each] of [
        [1, 60],
        [8, 40],
        [16, 30],
        [32, 20],
      ] as const) {
        for (const receiver of receivers) {
          const folders = await slices(join(folder, "in"), associations, each, from);
          from += associations * each + associations;
          const rate = await measure(receiver, folders, each);
          receiver.rates.push(rate);
          process.stdout.write(
            `${receiver.name}: ${associations} associations, ${rate.megabytesPerSecond.toFixed(0)} MB/s, ${rate.objectsPerSecond.toFixed(0)} objects/s\n`,
          );
          await rm(join(folder, "in"), { recursive: true, force: true });
        }
      }
    }
  } finally {
    await orthanc.stop();
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  }
  return receivers.map(({ name, rates }) => ({ receiver: name, rates }));
}

if (import.meta.main) await benchIngest(Number(process.argv[2] ?? 1));

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BigFile, bigMultiframe } from "#phantoms/bench-objects.ts";
import { TestServer } from "../test/support/server.ts";
import { keepResults } from "./support/results.ts";
import { storeByWeb } from "./support/stow.ts";

/**
 * How far the server's resident memory grows while one multi-frame object of 2 GB is stored (C-STORE over TLS, then the same
 * again by STOW-RS) and served (whole by WADO-RS, then frame by frame). A small object goes the same ways first, so that
 * what is loaded once is not counted as growth.
 */
const MIB = 2 ** 20;

function residentMib(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "0";
  return Number(kib) / 1024;
}

/** The highest resident memory while `work` runs. */
async function peakDuring(pid: number, work: () => Promise<void>): Promise<number> {
  let peak = residentMib(pid);
  const watch = setInterval(() => (peak = Math.max(peak, residentMib(pid))), 20);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return Math.max(peak, residentMib(pid));
}

async function writeFileOf(file: BigFile, path: string): Promise<void> {
  const stream = createWriteStream(path);
  for (const chunk of file.chunks) if (!stream.write(chunk)) await once(stream, "drain");
  stream.end();
  await once(stream, "close");
}

async function storeByDimse(path: string, args: readonly string[]): Promise<void> {
  const child = spawn("storescu", ["-pdu", "131072", "-aet", "BENCH", "-aec", "BENCH", ...args, path], {
    stdio: "ignore",
    env: { ...process.env, TCP_NODELAY: "1" },
  });
  const [code] = (await once(child, "exit")) as [number];
  if (code !== 0) throw new Error(`the sender ended with ${code}`);
}

/** Bytes that came. */
function download(url: string, token: string, accept: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { authorization: `Bearer ${token}`, accept } }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => (bytes += chunk.length));
      response.on("error", reject);
      response.on("end", () =>
        response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${url} answers ${response.statusCode}`)),
      );
    }).on("error", reject);
  });
}

/** Where the object lies, as its own bytes say. */
function addressOf(server: TestServer, part: Uint8Array, instance: string): string {
  const text = Buffer.from(part).toString("latin1");
  const [study = ""] = /2\.25\.75\d+/.exec(text) ?? [];
  const [series = ""] = /2\.25\.76\d+/.exec(text) ?? [];
  return `${server.url}/dicomweb/studies/${study}/series/${series}/instances/${instance}`;
}

type House = { server: TestServer; token: string; tls: readonly string[]; folder: string };

/** Every way of the object, each with the peak it led to. */
async function ways(
  { server, token, tls, folder }: House,
  bytes: number,
  number: number,
): Promise<Map<string, number>> {
  const file = bigMultiframe({ bytes, uidSuffix: number });
  const path = join(folder, "object.dcm");
  await writeFileOf(file, path);
  const [head = new Uint8Array(0)] = bigMultiframe({ bytes, uidSuffix: number }).chunks;
  const url = addressOf(server, head, file.sopInstanceUid);
  const frames = Math.floor(file.length / (2 * MIB));
  const peaks = new Map<string, number>();
  const measure = async (name: string, work: () => Promise<void>): Promise<void> => {
    const peak = await peakDuring(server.pid, work);
    peaks.set(name, peak);
    process.stdout.write(`${(file.length / 1e9).toFixed(2)} GB, ${name}: at most ${peak.toFixed(0)} MiB resident\n`);
  };
  await measure("stored by C-STORE over TLS", () => storeByDimse(path, tls));
  await measure("stored again by STOW-RS", () =>
    storeByWeb(server, token, bigMultiframe({ bytes, uidSuffix: number }).chunks),
  );
  await measure("served whole by WADO-RS", async () => {
    const came = await download(url, token, 'multipart/related; type="application/dicom"; transfer-syntax=*');
    if (came < file.length) throw new Error(`${came} of ${file.length} bytes came`);
  });
  await measure("served frame by frame", async () => {
    for (let frame = 1; frame <= frames; frame += Math.max(1, Math.floor(frames / 200)))
      await download(`${url}/frames/${frame}`, token, 'multipart/related; type="application/octet-stream"');
  });
  await rm(path);
  return peaks;
}

async function main(bytes: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "safelight-bench-"));
  const server = await TestServer.start();
  try {
    const idle = residentMib(server.pid);
    const organisation = await server.organisation("Bench");
    const device = await server.device(organisation, "BENCH");
    const house: House = {
      server,
      folder,
      token: await server.token(organisation),
      tls: ["+tls", device.key, device.cert, "+cf", device.ca, "localhost", String(server.ports.dicomTls)],
    };
    await ways(house, 20 * MIB, 1);
    const before = residentMib(server.pid);
    const peaks = await ways(house, bytes, 2);
    const growth = Math.max(...peaks.values()) - before;
    process.stdout.write(
      `Just started: ${idle.toFixed(0)} MiB; before: ${before.toFixed(0)} MiB; growth at most ${growth.toFixed(0)} MiB\n`,
    );
    await keepResults("memory", {
      bytes,
      idleMib: idle,
      beforeMib: before,
      growthMib: growth,
      peaksMib: Object.fromEntries(peaks),
    });
  } finally {
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await main(Number(process.argv[2] ?? 2_000_000_000));

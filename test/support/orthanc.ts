import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./dcmtk.ts";

const PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so";

export type Orthanc = {
  dicom: number;
  url: string;
  /** A request to its REST interface; throws with its answer when it refuses. */
  ask(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: string | Uint8Array | object): Promise<Response>;
  stop(): Promise<void>;
};

/** A real Orthanc with its DICOMweb plugin on free loopback ports and a folder of its own, with these settings on top. */
export async function startOrthanc(settings: object = {}): Promise<Orthanc> {
  const folder = await mkdtemp(join(tmpdir(), "orthanc-"));
  const [dicom, http] = [await freePort(), await freePort()];
  const file = join(folder, "orthanc.json");
  const own = {
    StorageDirectory: join(folder, "store"),
    IndexDirectory: join(folder, "store"),
    DicomAet: "ORTHANC",
    DicomPort: dicom,
    HttpPort: http,
    RemoteAccessAllowed: false,
    AuthenticationEnabled: false,
    SaveJobs: false,
    DicomAlwaysAllowStore: true,
    DicomCheckCalledAet: false,
    TranscodeDicomProtocol: false,
    UnknownSopClassAccepted: true,
    OverwriteInstances: true,
    Plugins: [PLUGIN],
  };
  await writeFile(file, JSON.stringify({ ...own, ...settings }), { mode: 0o600 });
  const child = spawn("/usr/sbin/Orthanc", [file], { stdio: "ignore" });
  const url = `http://127.0.0.1:${http}`;
  await untilUp(child, url);
  return {
    dicom,
    url,
    async ask(method, path, body) {
      const raw = typeof body === "string" || body instanceof Uint8Array || body === undefined;
      const payload = raw ? (body as string | Uint8Array<ArrayBuffer> | undefined) : JSON.stringify(body);
      const response = await fetch(url + path, { method, ...(payload === undefined ? {} : { body: payload }) });
      if (response.ok) return response;
      throw new Error(`Orthanc answers ${response.status} to ${method} ${path}: ${await response.text()}`);
    },
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilUp(child: ChildProcess, url: string): Promise<void> {
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`Orthanc ended with ${code} (apt install orthanc orthanc-dicomweb)`)),
    );
  });
  failed.catch(() => undefined);
  for (let tries = 0; tries < 600; tries++) {
    const up = fetch(`${url}/system`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (await Promise.race([up, failed])) return;
    await sleep(100);
  }
  child.kill("SIGKILL");
  throw new Error("Orthanc does not answer");
}

import { type ChildProcess, spawn } from "node:child_process";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type Finished = { code: number | null; output: string };

/** Runs a command to its end; what it wrote to both outputs comes together. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

/** Starts a server and waits until its port answers. */
export async function serve(command: string, args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: "ignore" });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  for (let tries = 0; tries < 200; tries += 1) {
    if (await Promise.race([answers(port), failed])) return child;
    await sleep(50);
  }
  child.kill("SIGKILL");
  throw new Error(`${command} does not answer on port ${port}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

export type SampleFile = { sopClass: string; sopInstance: string; transferSyntax: string; dataSet: Uint8Array };

/**
 * The four things a C-STORE needs, straight from a Part 10 file's bytes: File Meta Information is explicit VR little endian and
 * its group length says where the data set begins (PS3.10 §7.1). Undefined for a file that is not so.
 */
export function samplePart10(file: Uint8Array): SampleFile | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 144 || bytes.toString("latin1", 128, 132) !== "DICM" || bytes.readUInt32LE(132) !== 0x00000002)
    return undefined;
  const end = 144 + bytes.readUInt32LE(140);
  const values = new Map<number, string>();
  for (let at = 144; at + 8 <= end && end <= bytes.length; ) {
    const element = bytes.readUInt16LE(at + 2);
    const long = ["OB", "UN"].includes(bytes.toString("latin1", at + 4, at + 6));
    const [start, length] = long ? [at + 12, bytes.readUInt32LE(at + 8)] : [at + 8, bytes.readUInt16LE(at + 6)];
    values.set(element, bytes.toString("latin1", start, start + length).replace(/[\0 ]+$/, ""));
    at = start + length;
  }
  const [sopClass, sopInstance, transferSyntax] = [values.get(0x0002), values.get(0x0003), values.get(0x0010)];
  if (!sopClass || !sopInstance || !transferSyntax) return undefined;
  return { sopClass, sopInstance, transferSyntax, dataSet: bytes.subarray(end) };
}

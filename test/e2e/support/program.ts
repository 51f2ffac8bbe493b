import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "..", "..", "..");

export type Ready = { http: number; dicomTls: number };
export type Running = {
  ready: Ready;
  /** Everything it has written so far. */
  said: () => string;
  /** Asks it to end and waits until it has. */
  stop: () => Promise<void>;
  /** Ends it as a power cut would. */
  kill: () => Promise<void>;
};

/** Environment of a program that shares nothing with another one: a data folder of its own and any free ports. */
export const aloneIn = (dataDir: string): Record<string, string> => ({
  SAFELIGHT_DATA_DIR: dataDir,
  SAFELIGHT_HTTP_PORT: "0",
  SAFELIGHT_DICOM_TLS_PORT: "0",
  SAFELIGHT_HL7_TLS_PORT: "0",
  SAFELIGHT_LOG_LEVEL: "error",
});

/** `safelight WORDS` as an operator starts it, once it has printed its ready line. @throws with what it said, when it ends before that */
export async function start(words: readonly string[], env: Record<string, string>): Promise<Running> {
  const child = spawn(process.execPath, ["bin/safelight.ts", ...words], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const ready = await new Promise<Ready>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      said.push(`${line}\n`);
      if (line.startsWith('{"ready":true')) resolve(JSON.parse(line) as Ready);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${words.join(" ")} ended with ${code}: ${said.join("")}`)));
  });
  return {
    ready,
    said: () => said.join(""),
    stop: () => end(child, "SIGTERM"),
    kill: () => end(child, "SIGKILL"),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { serialize } from "node:v8";
import { FAULTS, Fault, type FaultCode } from "#kit/fault.ts";
import { type Answer, MAX_HEAD_BYTES, PREFIX_BYTES, prefix, type Request } from "#platform/decoders/wire.ts";

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const POLL_MS = 20;
const PAGE_BYTES = 4096;

export type Limits = { memoryLimit: number; timeLimit: number; maxFrameBytes: number };
export type Outcome = { answer: Answer; body: Uint8Array };

/**
 * One decoder child and the one request it may hold. It is killed when it takes more resident memory or more time than allowed,
 * when it says something it should not, and when `kill` says so; the request then fails with `decoder.failed`.
 */
export class Worker {
  readonly #child: ChildProcess;
  readonly #limits: Limits;
  #reading: { done: (outcome: Outcome) => void; failed: (fault: Fault) => void } | undefined;
  #received: Buffer[] = [];
  #length = 0;
  #wanted: { head: number; body: number } | undefined;
  #why = "The decoder stopped unexpectedly.";
  alive = true;

  constructor(limits: Limits, gone: () => void) {
    this.#limits = limits;
    this.#child = spawn(process.execPath, flags(limits), {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      env: {},
      cwd: ROOT,
    });
    this.#answers.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#requests.on("error", () => this.kill(this.#why));
    const end = () => {
      if (!this.alive) return;
      this.alive = false;
      this.#fail();
      gone();
    };
    this.#child.on("error", end);
    this.#child.on("exit", end);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get #requests(): Writable {
    return this.#child.stdio[3] as Writable;
  }

  get #answers(): Readable {
    return this.#child.stdio[4] as Readable;
  }

  /** Gives the child one request and waits for its answer; never two at a time. */
  async run(request: Request): Promise<Outcome> {
    const { frame, ...rest } = request;
    const head = serialize(rest);
    const late = setTimeout(() => this.kill("The frame took too long to decode."), this.#limits.timeLimit);
    const watch = setInterval(() => this.#checkMemory(), POLL_MS);
    try {
      return await new Promise<Outcome>((done, failed) => {
        this.#reading = { done, failed };
        this.#requests.write(prefix(head.length, frame.length));
        this.#requests.write(head);
        this.#requests.write(frame);
      });
    } finally {
      clearTimeout(late);
      clearInterval(watch);
    }
  }

  kill(why: string): void {
    this.#why = why;
    this.#child.kill("SIGKILL");
  }

  /** Ends the child: at once, whatever it is doing. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (!this.alive) return;
    const gone = once(this.#child, "exit");
    this.kill("The decoders are closing.");
    await gone;
  }

  #checkMemory(): void {
    const bytes = residentBytes(this.#child.pid);
    if (bytes !== undefined && bytes > this.#limits.memoryLimit)
      this.kill("The frame needs more memory than a decoder may have.");
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#length += chunk.length;
    if (this.#wanted === undefined) {
      if (this.#length < PREFIX_BYTES) return;
      const start = Buffer.concat(this.#received);
      this.#received = [start.subarray(PREFIX_BYTES)];
      this.#length -= PREFIX_BYTES;
      this.#wanted = { head: start.readUInt32BE(0), body: start.readUInt32BE(4) };
    }
    const { head, body } = this.#wanted;
    if (
      this.#reading === undefined ||
      head > MAX_HEAD_BYTES ||
      body > this.#limits.maxFrameBytes ||
      this.#length > head + body
    ) {
      this.kill("The decoder answered out of turn.");
    } else if (this.#length === head + body) this.#finish(Buffer.concat(this.#received), head);
  }

  #finish(message: Buffer, head: number): void {
    this.#received = [];
    this.#length = 0;
    this.#wanted = undefined;
    const { done } = this.#reading ?? {};
    this.#reading = undefined;
    done?.({ answer: JSON.parse(message.toString("utf8", 0, head)) as Answer, body: message.subarray(head) });
  }

  #fail(): void {
    this.#reading?.failed(new Fault("decoder.failed", this.#why));
    this.#reading = undefined;
  }
}

/** The child may read this program's files and nothing else: no writing, no network, no other programs. */
function flags(limits: Limits): string[] {
  const heap = Math.max(64, Math.floor(limits.memoryLimit / 2 ** 20));
  return [
    "--permission",
    `--allow-fs-read=${ROOT}`,
    "--allow-addons",
    "--no-warnings",
    `--max-old-space-size=${heap}`,
    CHILD,
  ];
}

/** Resident memory from /proc (Linux); elsewhere undefined, and the time limit alone holds. */
export function residentBytes(pid: number | undefined): number | undefined {
  if (pid === undefined || process.platform !== "linux") return undefined;
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * PAGE_BYTES;
  } catch {
    return undefined; // it is gone already
  }
}

/** The Fault that a child reported; a code it should not know becomes `decoder.failed`. */
export function faultFrom(answer: Extract<Answer, { is: "fault" }>): Fault {
  const code = Object.hasOwn(FAULTS, answer.code) ? (answer.code as FaultCode) : "decoder.failed";
  return new Fault(code, String(answer.message), answer.place === undefined ? {} : { place: String(answer.place) });
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { serialize } from "node:v8";
import { Fault } from "#kit/fault.ts";
import { AnswerReader, type Outcome } from "#platform/decoders/answers.ts";
import { prefix, type Request } from "#platform/decoders/wire.ts";

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const POLL_MS = 20;
const PAGE_BYTES = 4096;
const START_MS = 30_000;

export type Limits = {
  /** Resident bytes a child may have. */
  memoryLimit: number;
  /** Milliseconds one request may take; starting the child does not count. */
  timeLimit: number;
  maxFrameBytes: number;
};

/**
 * One decoder child and the one request it may hold. It is killed when it takes more resident memory or more time than allowed
 * or says something it should not; the request then fails with `decoder.failed`.
 */
export class Worker {
  readonly #child: ChildProcess;
  readonly #limits: Limits;
  readonly #reader: AnswerReader;
  readonly #ready: Promise<Outcome>;
  #expecting: { done: (outcome: Outcome) => void; failed: (fault: Fault) => void } | undefined;
  #why = "The decoder stopped unexpectedly.";
  alive = true;

  /** `gone` is called once, when the child has ended for whatever reason. */
  constructor(limits: Limits, gone: () => void) {
    this.#limits = limits;
    this.#reader = new AnswerReader(limits.maxFrameBytes);
    const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"] as const;
    const args = [...childFlags(limits.memoryLimit), CHILD];
    this.#child = spawn(process.execPath, args, { stdio: [...stdio], env: {}, cwd: ROOT });
    this.#ready = this.#answer(START_MS);
    this.#ready.catch(() => undefined); // whoever runs a request hears of it
    const end = () => {
      if (!this.alive) return;
      this.alive = false;
      this.#expecting?.failed(new Fault("decoder.failed", this.#why));
      gone();
    };
    this.#answers.on("data", (chunk: Uint8Array) => this.#take(chunk));
    this.#answers.on("error", end);
    this.#requests.on("error", () => this.kill(this.#why));
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
    await this.#ready;
    const { frame, ...rest } = request;
    const head = serialize(rest);
    const watch = setInterval(() => this.#checkMemory(), POLL_MS);
    try {
      const answer = this.#answer(this.#limits.timeLimit);
      this.#requests.write(prefix(head.length, frame.length));
      this.#requests.write(head);
      this.#requests.write(frame);
      return await answer;
    } finally {
      clearInterval(watch);
    }
  }

  /** What a big frame left behind would count against the next one: such a child is better replaced. */
  get worn(): boolean {
    return (residentBytes(this.#child.pid) ?? 0) > this.#limits.memoryLimit / 2;
  }

  kill(why: string): void {
    this.#why = why;
    this.#child.kill("SIGKILL");
  }

  /** Ends the child at once, whatever it is doing; resolves when it is gone. */
  async stop(): Promise<void> {
    if (!this.alive) return;
    const gone = once(this.#child, "exit");
    this.kill("The decoders are closing.");
    await gone;
  }

  async #answer(within: number): Promise<Outcome> {
    const late = setTimeout(() => this.kill("The frame took too long to decode."), within);
    try {
      return await new Promise<Outcome>((done, failed) => {
        this.#expecting = { done, failed };
      });
    } finally {
      clearTimeout(late);
      this.#expecting = undefined;
    }
  }

  #take(chunk: Uint8Array): void {
    try {
      const outcome = this.#reader.push(chunk);
      if (outcome === undefined) return;
      if (this.#expecting === undefined) throw new Fault("decoder.failed", "The decoder answered out of turn.");
      this.#expecting.done(outcome);
    } catch (fault) {
      this.kill(fault instanceof Fault ? fault.message : this.#why);
    }
  }

  #checkMemory(): void {
    const bytes = residentBytes(this.#child.pid);
    if (bytes !== undefined && bytes > this.#limits.memoryLimit) {
      this.kill("The frame needs more memory than a decoder may have.");
    }
  }
}

/** The child may read this program's code and nothing else: no data, no writing, no network, no other programs. */
export function childFlags(memoryLimit: number): string[] {
  const readable = ["src/", "node_modules/", "package.json"].map((path) => `--allow-fs-read=${ROOT}${path}`);
  const heap = Math.max(64, Math.floor(memoryLimit / 2 ** 20));
  return ["--permission", ...readable, "--allow-addons", "--no-warnings", `--max-old-space-size=${heap}`];
}

/** Resident memory from /proc (Linux); elsewhere undefined, and time and WebAssembly's own 2 GiB hold. */
export function residentBytes(pid: number | undefined): number | undefined {
  if (pid === undefined || process.platform !== "linux") return undefined;
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * PAGE_BYTES;
  } catch {
    return undefined; // it is gone already
  }
}

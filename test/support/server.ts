import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

const execute = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const program = join(root, "bin/safelight.ts");

export type Ports = { http: number; dicom: number | null; dicomTls: number; ohif?: number };
export type DeviceFiles = { ae: string; cert: string; key: string; ca: string };

/** The real program as a child process on free ports, with a data directory of its own. */
export class TestServer {
  readonly dataDir: string;
  readonly #env: Record<string, string>;
  readonly #wrapper: readonly string[];
  child: ChildProcess | undefined;
  ports: Ports = { http: 0, dicom: null, dicomTls: 0 };

  private constructor(dataDir: string, env: Record<string, string>, wrapper: readonly string[]) {
    this.dataDir = dataDir;
    this.#wrapper = wrapper;
    this.#env = {
      ...cleanEnvironment(),
      SAFELIGHT_DATA_DIR: dataDir,
      SAFELIGHT_HTTP_PORT: "0",
      SAFELIGHT_DICOM_TLS_PORT: "0",
      SAFELIGHT_LOG_LEVEL: "error",
      ...env,
    };
  }

  static async start(env: Record<string, string> = {}): Promise<TestServer> {
    const server = await TestServer.prepare({ env });
    await server.up();
    return server;
  }

  /** Not started yet; in a folder that is there already, or run by another program (strace, say). */
  static async prepare(
    given: { env?: Record<string, string>; dataDir?: string; wrapper?: readonly string[] } = {},
  ): Promise<TestServer> {
    const dataDir = given.dataDir ?? (await mkdtemp(join(tmpdir(), "safelight-it-")));
    return new TestServer(dataDir, given.env ?? {}, given.wrapper ?? []);
  }

  get url(): string {
    return `http://localhost:${this.ports.http}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts it without waiting for anything. */
  spawn(command: readonly string[] = ["serve"]): ChildProcess & { stdout: Readable } {
    const [file = "", ...args] = [...this.#wrapper, process.execPath, program, ...command];
    return spawn(file, args, { env: this.#env, stdio: ["ignore", "pipe", "inherit"] });
  }

  /** Starts it (again) and waits for the ready line. */
  async up(command: readonly string[] = ["serve"]): Promise<void> {
    const child = this.spawn(command);
    this.child = child;
    this.ports = await new Promise<Ports>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line.startsWith('{"ready":true')) resolve(JSON.parse(line) as Ports);
      });
      child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
    });
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }

  /** As the loss of the process: SIGKILL. The database server, a process of its own, lives on. */
  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** `safelight …` on the same data directory; answers its JSON. */
  async command(...args: readonly string[]): Promise<Record<string, unknown>> {
    const { stdout } = await execute(process.execPath, [program, ...args, "--json"], { env: this.#env });
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** The same where some of it is refused: exit code 1 is an answer. */
  async commandThatRefuses(...args: readonly string[]): Promise<{ stdout: string }> {
    try {
      return await execute(process.execPath, [program, ...args, "--json"], { env: this.#env });
    } catch (thrown) {
      const { code, stdout } = thrown as { code?: number; stdout?: string };
      if (code !== 1 || stdout === undefined) throw thrown;
      return { stdout };
    }
  }

  async organisation(name: string): Promise<string> {
    return String((await this.command("admin", "org", "create", "--name", name))["id"]);
  }

  async device(organisation: string, ae: string, ...options: readonly string[]): Promise<DeviceFiles> {
    return (await this.command(
      "admin",
      "device",
      "create",
      "--org",
      organisation,
      "--ae",
      ae,
      "--out",
      join(this.dataDir, `device-${ae}`),
      ...options,
    )) as DeviceFiles;
  }

  async token(organisation: string, scope = "dicomweb.read dicomweb.write"): Promise<string> {
    return String((await this.command("admin", "token", "create", "--org", organisation, "--scope", scope))["token"]);
  }
}

/** Settings of the surroundings must not reach a server under test. */
function cleanEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (pair): pair is [string, string] =>
        pair[1] !== undefined && !pair[0].startsWith("SAFELIGHT_") && pair[0] !== "DATABASE_URL",
    ),
  );
}

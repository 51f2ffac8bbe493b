import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const execute = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const program = join(root, "bin/safelight.ts");

export type Ports = { http: number; dicom: number | null; dicomTls: number };
export type DeviceFiles = { ae: string; cert: string; key: string; ca: string };

/** The real program as a child process on free ports, with a data directory of its own. */
export class TestServer {
  readonly dataDir: string;
  readonly #env: Record<string, string>;
  child: ChildProcess | undefined;
  ports: Ports = { http: 0, dicom: null, dicomTls: 0 };

  private constructor(dataDir: string, env: Record<string, string>) {
    this.dataDir = dataDir;
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
    const server = new TestServer(await mkdtemp(join(tmpdir(), "safelight-it-")), env);
    await server.up();
    return server;
  }

  get url(): string {
    return `http://localhost:${this.ports.http}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts it (again) and waits for the ready line. */
  async up(command: readonly string[] = ["serve"]): Promise<void> {
    const child = spawn(process.execPath, [program, ...command], {
      env: this.#env,
      stdio: ["ignore", "pipe", "inherit"],
    });
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

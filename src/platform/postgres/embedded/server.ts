import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { Fault } from "#kit/fault.ts";
import { ADMIN, type Cluster, prepareCluster } from "./cluster.ts";
import { hasPlace } from "./place.ts";
import {
  isAlive,
  processesIn,
  readPidFile,
  removeStalePidFile,
  spawnPostmaster,
  stopPostmaster,
} from "./postmaster.ts";
import { serverSettings } from "./settings.ts";

/** Who uses the embedded server holds this lock, shared; who can have it alone is the last and may stop the server. */
const IN_USE = "5136124012340001";
const FIRST_START_MS = 60_000;
const RECOVERY_MS = 30 * 60_000;
/** How long one that is shutting down is waited for. */
const SHUTDOWN_MS = 20_000;

export type EmbeddedOptions = {
  dataDir: string;
  durable?: boolean;
  refuseNamespaces?: boolean;
  onChange?: (up: boolean) => void;
};

/**
 * The PostgreSQL server that comes with the program, run from `dataDir`. Several processes of ours may use it at once: the
 * first starts it, the last to stop ends it, and any of them starts it again when it died.
 */
export class EmbeddedServer {
  readonly #cluster: Cluster;
  readonly #options: EmbeddedOptions;
  #keeper: pg.Client | undefined;
  #child: { exited: boolean } | undefined;
  #stopping = false;
  #supervision: Promise<void> = Promise.resolve();

  private constructor(cluster: Cluster, options: EmbeddedOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Starts the server, or adopts the one that already runs on that folder, and keeps it running until `stop`. */
  static async start(options: EmbeddedOptions): Promise<EmbeddedServer> {
    const prepared = prepareCluster(
      options.dataDir,
      options.refuseNamespaces === undefined ? {} : { refuseNamespaces: options.refuseNamespaces },
    );
    const server = new EmbeddedServer(prepared, options);
    await server.#ensureRunning(true);
    return server;
  }

  /**
   * Ends the server that was left running on `dataDir` by a process that is gone, so that the folder may go; starts nothing.
   * False: a process of ours still uses it.
   */
  static async endUnused(dataDir: string): Promise<boolean> {
    if (!hasPlace(dataDir)) return true;
    const server = new EmbeddedServer(prepareCluster(dataDir), { dataDir });
    for (const end = Date.now() + SHUTDOWN_MS; server.#isRunning() && Date.now() < end; await delay(100))
      if ((await server.#connectKeeper()) === "connected") return server.stop();
    return !server.#isRunning();
  }

  get account(): Cluster["account"]["is"] {
    return this.#cluster.account.is;
  }

  /** The postmaster's process id, for the curious and for tests. */
  get pid(): number | undefined {
    return readPidFile(this.#cluster.folder)?.pid;
  }

  /** How the superuser connects; the socket's folder stays the same over restarts. */
  admin(database = "postgres"): pg.ClientConfig {
    return {
      host: this.#cluster.socketDir,
      port: 5432,
      user: ADMIN,
      password: this.#cluster.password.reveal(),
      database,
      ssl: false, // whatever PGSSLMODE says: it is a unix socket
    };
  }

  /** Lets go of the server and ends it if nobody else uses it; answers whether it did. */
  async stop(): Promise<boolean> {
    this.#stopping = true;
    await this.#supervision;
    const keeper = this.#keeper;
    this.#keeper = undefined;
    if (keeper === undefined) return false;
    const pid = this.pid;
    try {
      await keeper.query(`select pg_advisory_unlock_shared(${IN_USE})`);
      const { rows } = await keeper.query<{ last: boolean }>(`select pg_try_advisory_lock(${IN_USE}) as last`);
      if (rows[0]?.last !== true || pid === undefined) return false;
      await stopPostmaster(pid);
      return true;
    } finally {
      await keeper.end().catch(() => undefined);
    }
  }

  /** Connects the keeper, starting the server if nobody runs it, with back-off; at first start it gives up in the end. */
  async #ensureRunning(first: boolean): Promise<void> {
    const began = Date.now();
    for (let pause = 25; !this.#stopping; pause = Math.min(pause * 1.5, first ? 250 : 5_000)) {
      const met = await this.#connectKeeper();
      if (met === "connected") return this.#options.onChange?.(true);
      const starting = met === "starting" || (this.#child !== undefined && !this.#child.exited);
      if (first && Date.now() - began > (starting ? RECOVERY_MS : FIRST_START_MS)) throw this.#gaveUp();
      if (!starting && !this.#isRunning()) await this.#spawn();
      await delay(pause);
    }
  }

  #isRunning(): boolean {
    removeStalePidFile(this.#cluster.folder);
    const found = readPidFile(this.#cluster.folder);
    if (found === undefined || !isAlive(found.pid)) return false;
    return processesIn(this.#cluster.folder)?.includes(found.pid) ?? true;
  }

  async #spawn(): Promise<void> {
    const { binaries, account, folder, startLog, socketDir } = this.#cluster;
    const settings = serverSettings(
      socketDir,
      this.#options.durable === undefined ? {} : { durable: this.#options.durable },
    );
    const { exited } = await spawnPostmaster(binaries, account, { cluster: folder, startLog }, settings);
    const child = { exited: false };
    void exited.then(() => {
      child.exited = true;
    });
    this.#child = child;
  }

  async #connectKeeper(): Promise<"connected" | "starting" | "absent"> {
    const keeper = new pg.Client({
      ...this.admin(),
      application_name: "safelight keeper",
      connectionTimeoutMillis: 5_000,
    });
    keeper.on("error", () => undefined); // "end" follows and is handled
    try {
      await keeper.connect();
      await keeper.query(`select pg_advisory_lock_shared(${IN_USE})`);
    } catch (error) {
      await keeper.end().catch(() => undefined);
      return (error as { code?: string }).code === "57P03" ? "starting" : "absent";
    }
    this.#keeper = keeper;
    keeper.once("end", () => this.#lost(keeper));
    return "connected";
  }

  #lost(keeper: pg.Client): void {
    if (this.#stopping || this.#keeper !== keeper) return;
    this.#keeper = undefined;
    this.#options.onChange?.(false);
    this.#supervision = this.#ensureRunning(false).catch(() => undefined);
  }

  #gaveUp(): Fault {
    let said = "";
    try {
      said = readFileSync(this.#cluster.startLog, "utf8").trim().split("\n").slice(-3).join(" ");
    } catch {} // nothing was written
    return new Fault(
      "database.unavailable",
      `The embedded database did not start. It said: ${said.slice(0, 500) || "nothing"}`,
      { place: "dataDir" },
    );
  }
}

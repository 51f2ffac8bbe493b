import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Account, commandFor } from "./account.ts";
import type { Binaries } from "./binaries.ts";

/** What postmaster.pid says: the process, its socket folder. */
export type PidFile = { pid: number; socketDir: string };

/** Reads the cluster's postmaster.pid; undefined when there is none or it is half written. */
export function readPidFile(cluster: string): PidFile | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(cluster, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  const socketDir = lines[4] ?? "";
  return Number.isInteger(pid) && pid > 0 ? { pid, socketDir } : undefined;
}

/** Whether a process of that number exists; after a reboot it may be anybody's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The processes that work in the cluster's folder (every PostgreSQL process does); undefined where /proc cannot say. */
export function processesIn(cluster: string): number[] | undefined {
  let entries: string[];
  let folder: string;
  try {
    entries = readdirSync("/proc");
    folder = realpathSync(cluster);
  } catch {
    return undefined;
  }
  return entries
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => workingFolder(pid) === folder);
}

function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/**
 * Removes a postmaster.pid whose number now belongs to a stranger (a container starts counting anew), which PostgreSQL
 * itself would take for a running server. Only where it is certain that no PostgreSQL process uses the folder.
 */
export function removeStalePidFile(cluster: string): void {
  const found = readPidFile(cluster);
  if (found === undefined || !isAlive(found.pid)) return; // PostgreSQL handles a dead one, with its own checks
  if (processesIn(cluster)?.length === 0) rmSync(join(cluster, "postmaster.pid"), { force: true });
}

export type Spawned = { pid: number; exited: Promise<number | null> };

/** Starts a postmaster that outlives us if we crash; what it says before its own log is open lands in `startLog`. */
export function spawnPostmaster(
  binaries: Binaries,
  account: Account,
  place: { cluster: string; startLog: string },
  settings: Record<string, string>,
): Promise<Spawned> {
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const command = commandFor(account, binaries.postgres, ["-D", place.cluster, ...options]);
  const log = openSync(place.startLog, "w", 0o600);
  const child = spawn(command.file, command.args, {
    ...command.options,
    cwd: place.cluster,
    detached: true, // Ctrl-C is for us: we stop it in order
    stdio: ["ignore", log, log],
    env: cleanEnvironment(),
  });
  closeSync(log);
  child.unref();
  const exited = new Promise<number | null>((settle) => child.once("exit", settle));
  return new Promise((settle, reject) => {
    child.once("error", reject);
    child.once("spawn", () => settle({ pid: child.pid ?? 0, exited }));
  });
}

/** Only what PostgreSQL needs: no secret of ours is in its environment, and no PG* variable leads it astray. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" };
}

/** Fast shutdown: open transactions are rolled back, everything is written, then it ends; immediate after `patience` ms. */
export async function stopPostmaster(pid: number, patience = 30_000): Promise<void> {
  if (!signal(pid, "SIGINT")) return;
  if (await gone(pid, patience)) return;
  signal(pid, "SIGQUIT");
  if (await gone(pid, 5_000)) return;
  signal(pid, "SIGKILL");
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

async function gone(pid: number, patience: number): Promise<boolean> {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    if (!isAlive(pid)) return true;
    await delay(20);
  }
  return !isAlive(pid);
}

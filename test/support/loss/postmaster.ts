import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { isAlive, processesIn, readPidFile } from "#platform/postgres/embedded/postmaster.ts";

/** The folder of the embedded cluster that belongs to a data directory, wherever it had to be put. */
export function clusterOf(dataDir: string): string {
  const note = join(dataDir, "postgres.place");
  return join(existsSync(note) ? readFileSync(note, "utf8").trim() : dataDir, "postgres", "cluster");
}

/** The postmaster that runs on it now. */
export function postmasterOf(dataDir: string): number | undefined {
  const pid = readPidFile(clusterOf(dataDir))?.pid;
  return pid !== undefined && isAlive(pid) ? pid : undefined;
}

/** Kills processes by their numbers, all in one turn; who has gone meanwhile is gone. */
export function killAll(pids: readonly number[], signal: NodeJS.Signals = "SIGKILL"): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Every process of that cluster: postmaster, backends, writers. */
export function clusterProcesses(dataDir: string): number[] {
  return processesIn(clusterOf(dataDir)) ?? [];
}

/** Every process that works somewhere below a folder. */
export function processesBelow(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => workingFolder(pid).startsWith(`${folder}/`));
}

function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ""; // it has gone meanwhile
  }
}

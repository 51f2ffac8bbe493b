import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { halfOf, removeHalves, syncFolder } from "#platform/whole-file.ts";
import { type Account, commandFor } from "./account.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { findPlace, handOver } from "./place.ts";
import { cleanEnvironment } from "./postmaster.ts";

/** Name of the cluster's superuser; only this program knows its password. */
export const ADMIN = "safelight_admin";

/** A database cluster on disk and how to run it. `home` holds the cluster, its logs and its password. */
export type Cluster = {
  home: string;
  folder: string;
  startLog: string;
  socketDir: string;
  password: Hidden<string>;
  account: Account;
  binaries: Binaries;
};

/** The longest folder a unix socket's address (sun_path, 108 bytes on Linux, 104 on macOS) leaves room for. */
const LONGEST_SOCKET_DIR = 100 - "/.s.PGSQL.5432".length;

/** Finds or creates the cluster that belongs to `dataDir`. Safe against two processes doing so at once. */
export function prepareCluster(dataDir: string, options: { refuseNamespaces?: boolean } = {}): Cluster {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const found = findBinaries(join(dataDir, "programs"));
  const { home, account, binaries } = findPlace(dataDir, found, options.refuseNamespaces ?? false);
  if (!existsSync(home)) initialise(home, binaries, account);
  refuseOtherVersion(home, binaries);
  return {
    home,
    folder: join(home, "cluster"),
    startLog: join(home, "start.log"),
    socketDir: socketDirOf(home, account),
    password: new Hidden(readFileSync(join(home, "password"), "utf8").trim()),
    account,
    binaries,
  };
}

/** initdb into a folder aside, then one rename: a half-made cluster is never taken for a whole one. */
function initialise(home: string, binaries: Binaries, account: Account): void {
  removeHalves(dirname(home));
  const half = halfOf(home);
  mkdirSync(half, { mode: 0o700 });
  const password = join(half, "password");
  writeFileSync(password, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flush: true });
  mkdirSync(join(half, "log"), { mode: 0o700 });
  handOver(half, account);
  const command = commandFor(account, binaries.initdb, [
    `--pgdata=${join(half, "cluster")}`,
    `--username=${ADMIN}`,
    `--pwfile=${password}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  ]);
  const ran = spawnSync(command.file, command.args, {
    ...command.options,
    cwd: half,
    env: cleanEnvironment(),
    encoding: "utf8",
  });
  if (ran.status !== 0) {
    rmSync(half, { recursive: true, force: true });
    throw new Fault(
      "config.invalid",
      `The database could not be set up in ${home}: ${lastLine(ran.error === undefined ? ran.stderr : ran.error.message)}`,
      { place: "dataDir" },
    );
  }
  try {
    syncFolder(half);
    renameSync(half, home);
    syncFolder(dirname(home));
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(home)) throw error;
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function refuseOtherVersion(home: string, binaries: Binaries): void {
  const cluster = readFileSync(join(home, "cluster", "PG_VERSION"), "utf8").trim();
  if (cluster === binaries.version.split(".")[0]) return;
  throw new Fault(
    "config.invalid",
    `The database in ${home} was made by PostgreSQL ${cluster}, this version of Safelight brings ${binaries.version}. Back it up with the version that made it, then restore with this one.`,
    { place: "dataDir" },
  );
}

/** A short folder of mode 0700 for the socket, the same at every start; only its owner can reach the server at all. */
function socketDirOf(home: string, account: Account): string {
  const near = join(home, "socket");
  if (near.length <= LONGEST_SOCKET_DIR) return privateFolder(near, account);
  const note = join(home, "socket.path");
  if (existsSync(note)) {
    const noted = readFileSync(note, "utf8").trim();
    if (!existsSync(noted) || isPrivate(noted, account)) return privateFolder(noted, account);
  }
  const made = mkdtempSync(join(shortTemporary(), "safelight-"));
  writeFileSync(note, `${made}\n`, { mode: 0o600 });
  return privateFolder(made, account);
}

function shortTemporary(): string {
  return tmpdir().length <= 60 ? tmpdir() : "/tmp";
}

function privateFolder(folder: string, account: Account): string {
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
  chmodSync(folder, 0o700);
  if (account.is === "other") chownSync(folder, account.uid, account.gid);
  return folder;
}

function isPrivate(folder: string, account: Account): boolean {
  const { uid, mode } = lstatSync(folder);
  const owner = account.is === "other" ? account.uid : process.geteuid?.();
  return uid === owner && (mode & 0o170777) === 0o040700;
}

import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { type Account, chooseAccount, commandFor } from "./account.ts";
import { type Binaries, copyBinaries, findBinaries } from "./binaries.ts";
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
  const account = accountOf(dataDir, found, options.refuseNamespaces ?? false);
  const home = homeOf(dataDir, account);
  const binaries =
    account.is === "other"
      ? copyBinaries(found, homeOf(dataDir, account, "programs"), (root) => handOver(root, account))
      : found;
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

function placeFile(dataDir: string): string {
  return join(dataDir, "postgres.place");
}

function accountOf(dataDir: string, binaries: Binaries, refuseNamespaces: boolean): Account {
  if (!existsSync(placeFile(dataDir))) return chooseAccount(binaries, dataDir, refuseNamespaces);
  const { uid, gid } = statSync(readFileSync(placeFile(dataDir), "utf8").trim());
  return { is: "other", uid, gid };
}

/** Beside our data; where another account must own it, under /var/lib, with a note of the place left in `dataDir`. */
function homeOf(dataDir: string, account: Account, part = "postgres"): string {
  const near = join(dataDir, part);
  if (account.is !== "other") return near;
  const id = createHash("sha256").update(dataDir).digest("hex").slice(0, 12);
  const place = existsSync(placeFile(dataDir))
    ? readFileSync(placeFile(dataDir), "utf8").trim()
    : join("/var/lib", `safelight-${id}`);
  if (!existsSync(placeFile(dataDir))) {
    mkdirSync(place, { recursive: true, mode: 0o700 });
    chownSync(place, account.uid, account.gid);
    if (existsSync(join(dataDir, "postgres"))) moveCluster(join(dataDir, "postgres"), join(place, "postgres"), account);
    writeFileSync(placeFile(dataDir), `${place}\n`, { mode: 0o600 });
  }
  return join(place, part);
}

function moveCluster(from: string, to: string, account: Account): void {
  rmSync(`${to}.half`, { recursive: true, force: true });
  cpSync(from, `${to}.half`, { recursive: true, preserveTimestamps: true });
  handOver(`${to}.half`, account);
  renameSync(`${to}.half`, to);
  renameSync(from, `${from}.moved`);
}

function handOver(root: string, account: Account): void {
  if (account.is !== "other") return;
  lchownSync(root, account.uid, account.gid);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    lchownSync(join(entry.parentPath, entry.name), account.uid, account.gid);
  }
}

/** initdb into a folder aside, then one rename: a half-made cluster is never taken for a whole one. */
function initialise(home: string, binaries: Binaries, account: Account): void {
  const half = mkdtempSync(`${home}.`);
  const password = join(half, "password");
  writeFileSync(password, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 });
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
    renameSync(half, home);
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

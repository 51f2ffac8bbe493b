import { createHash } from "node:crypto";
import {
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Fault } from "#kit/fault.ts";
import { type Account, chooseAccount, works } from "./account.ts";
import { type Binaries, copyBinaries } from "./binaries.ts";

/** Where a cluster lies (`home` holds it, its logs and its password), who runs it, and with which copy of the programs. */
export type Place = { home: string; account: Account; binaries: Binaries };

/**
 * The place that belongs to `dataDir`: beside our data; where only another account can run it, under /var/lib, with a note
 * of that left in `dataDir`. A cluster that is there already is run by its owner.
 * @throws Fault config.invalid when the cluster belongs to somebody whom we cannot become
 */
export function findPlace(dataDir: string, found: Binaries, refuseNamespaces: boolean): Place {
  const elsewhere = notedPlace(dataDir);
  if (elsewhere !== undefined) return placeUnder(elsewhere, found);
  const home = join(dataDir, "postgres");
  const owner = existsSync(home) ? statSync(home) : undefined;
  const me = process.geteuid?.() ?? 0;
  if (owner === undefined || owner.uid === me) {
    const account = chooseAccount(found, dataDir, refuseNamespaces);
    return account.is === "other" ? makePlace(dataDir, found, account) : { home, account, binaries: found };
  }
  if (me !== 0) {
    throw new Fault(
      "config.invalid",
      `The database in ${home} belongs to another user (number ${owner.uid}): start Safelight as that user, or choose another SAFELIGHT_DATA_DIR.`,
      { place: "dataDir" },
    );
  }
  const account: Account = { is: "other", uid: owner.uid, gid: owner.gid };
  const binaries = works(account, found, dataDir) ? found : copyFor(account, found, join(dataDir, "programs"));
  return { home, account, binaries };
}

/** Gives a tree to the account that will run in it. */
export function handOver(root: string, account: Account): void {
  if (account.is !== "other") return;
  lchownSync(root, account.uid, account.gid);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    lchownSync(join(entry.parentPath, entry.name), account.uid, account.gid);
  }
}

/** Whether a database was ever made for `dataDir`. */
export function hasPlace(dataDir: string): boolean {
  return existsSync(join(dataDir, "postgres")) || existsSync(noteOf(dataDir));
}

function noteOf(dataDir: string): string {
  return join(dataDir, "postgres.place");
}

function notedPlace(dataDir: string): string | undefined {
  return existsSync(noteOf(dataDir)) ? readFileSync(noteOf(dataDir), "utf8").trim() : undefined;
}

function placeUnder(folder: string, found: Binaries): Place {
  const { uid, gid } = statSync(folder);
  const account: Account = { is: "other", uid, gid };
  return { home: join(folder, "postgres"), account, binaries: copyFor(account, found, join(folder, "programs")) };
}

/** Makes the place under /var/lib and takes along a cluster that lay beside our data until now. */
function makePlace(dataDir: string, found: Binaries, account: Account & { is: "other" }): Place {
  const folder = join("/var/lib", `safelight-${createHash("sha256").update(dataDir).digest("hex").slice(0, 12)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chownSync(folder, account.uid, account.gid);
  const near = join(dataDir, "postgres");
  const home = join(folder, "postgres");
  if (existsSync(near)) {
    rmSync(`${home}.half`, { recursive: true, force: true });
    cpSync(near, `${home}.half`, { recursive: true, preserveTimestamps: true });
    handOver(`${home}.half`, account);
    renameSync(`${home}.half`, home);
  }
  writeFileSync(noteOf(dataDir), `${folder}\n`, { mode: 0o600 });
  if (existsSync(near)) renameSync(near, `${near}.moved`);
  return placeUnder(folder, found);
}

function copyFor(account: Account, found: Binaries, folder: string): Binaries {
  const copy = copyBinaries(found, folder, (root) => handOver(root, account));
  if (account.is === "other") lchownSync(folder, account.uid, account.gid);
  return copy;
}

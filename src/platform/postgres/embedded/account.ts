import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { Fault } from "#kit/fault.ts";
import type { Binaries } from "./binaries.ts";

/**
 * Under which account PostgreSQL runs: it refuses root, and its set-up needs an account with a name.
 * "self": as we are. "namespace": as we are for the files, but under another name inside a user namespace, so that
 * everything we may read it may read too (a 0700 home of root, for example). "other": really as another account.
 */
export type Account =
  | { is: "self" }
  | { is: "namespace"; uid: number; gid: number }
  | { is: "other"; uid: number; gid: number };

export type Command = { file: string; args: string[]; options: { uid?: number; gid?: number } };

/** How to start `program` under `account`; the process id is the program's own in each case. */
export function commandFor(account: Account, program: string, args: string[]): Command {
  switch (account.is) {
    case "self":
      return { file: program, args, options: {} };
    case "namespace": {
      const mapping = ["--user", `--map-user=${account.uid}`, `--map-group=${account.gid}`, "--"];
      return { file: "unshare", args: [...mapping, program, ...args], options: {} };
    }
    case "other":
      return { file: program, args, options: { uid: account.uid, gid: account.gid } };
  }
}

/** Chooses the account for a cluster below `folder`; `refuseNamespaces` is for tests of the last resort. */
export function chooseAccount(binaries: Binaries, folder: string, refuseNamespaces = false): Account {
  const root = process.geteuid?.() === 0;
  if (!root && hasName()) return { is: "self" };
  const named = unprivileged();
  if (named !== undefined && !refuseNamespaces) {
    const inside: Account = { is: "namespace", ...named };
    if (works(inside, binaries, folder)) return inside;
  }
  if (root && named !== undefined) return { is: "other", ...named };
  throw new Fault(
    "config.invalid",
    "PostgreSQL cannot run under this account, which has no entry in /etc/passwd, and user namespaces are not allowed here. Run Safelight as a named user, or set DATABASE_URL.",
    { place: "databaseUrl" },
  );
}

/** Whether PostgreSQL's programs run under that account and reach `folder`. */
export function works(account: Account, binaries: Binaries, folder: string): boolean {
  const { file, args, options } = commandFor(account, binaries.postgres, ["--version"]);
  return spawnSync(file, args, { ...options, cwd: folder, stdio: "ignore", timeout: 10_000 }).status === 0;
}

function hasName(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

/** An account without rights that has a name: nobody where it exists, otherwise any that is not root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  let passwd: string;
  try {
    passwd = readFileSync("/etc/passwd", "utf8");
  } catch {
    return undefined;
  }
  const accounts = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => uid > 0 && gid > 0);
  const chosen = accounts.find(({ name }) => name === "nobody") ?? accounts[0];
  return chosen && { uid: chosen.uid, gid: chosen.gid };
}

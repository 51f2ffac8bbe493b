import { execFile } from "node:child_process";
import { chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");

/** An account of the system: root, whoever runs the tests, or one without rights. */
export type Account = { name: string; uid: number; gid: number };

export const NOBODY: Account = { name: "an ordinary user", uid: 65_534, gid: 65_534 };

/** A fresh clone with its packages in a folder that nobody but this account may enter. */
export type Clone = { folder: string; home: string; remove(): Promise<void> };

export async function cloneFor({ uid, gid }: Account): Promise<Clone> {
  const home = await mkdtemp(join(tmpdir(), "safelight-clone-")); // mode 0700
  const folder = join(home, "safelight");
  await execute("git", ["clone", "--quiet", "--no-hardlinks", ROOT, folder]);
  await execute("cp", ["-a", "--link", join(ROOT, "node_modules"), folder]); // what npm ci puts there; files are shared, folders are not
  await mkdir(join(home, "tmp"));
  if (uid !== process.getuid?.()) {
    await execute("find", [
      home,
      "(",
      "-type",
      "d",
      "-o",
      "-not",
      "-path",
      `${folder}/node_modules/*`,
      ")",
      "-exec",
      "chown",
      "-h",
      `${uid}:${gid}`,
      "{}",
      "+",
    ]);
    await chown(home, uid, gid);
  }
  return { folder, home, remove: () => rm(home, { recursive: true, force: true }) };
}

/** The command as that account runs it, started from root's. */
export function asAccount({ uid, gid }: Account, command: readonly string[]): readonly string[] {
  if (uid === process.getuid?.()) return command;
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--no-new-privs", ...command];
}

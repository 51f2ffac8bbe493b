import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Config, publicUrl } from "#platform/config.ts";
import { placeFile } from "#platform/whole-file.ts";

const FILE = "address";

/** Leaves word beside the data where the server listens, for commands that make links while a free port was taken. */
export async function leaveAddress(config: Config, url: string): Promise<() => Promise<void>> {
  const path = join(config.dataDir, FILE);
  await placeFile(path, `${url}\n`, { mode: 0o600, replace: true });
  return () => rm(path, { force: true });
}

/** The address people type: as configured, or where the running server says it is. */
export async function addressOf(config: Config): Promise<string> {
  if (config.publicUrl !== undefined || config.httpPort !== 0) return publicUrl(config, config.httpPort);
  const said = await readFile(join(config.dataDir, FILE), "utf8").catch(() => "");
  return URL.canParse(said.trim()) ? said.trim() : publicUrl(config, config.httpPort);
}

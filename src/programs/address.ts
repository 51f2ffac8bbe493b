import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Config, publicUrl } from "#platform/config.ts";

const FILE = "address";

/** Leaves word beside the data where the server listens, for commands that make links while a free port was taken. */
export async function leaveAddress(config: Config, url: string): Promise<() => Promise<void>> {
  const path = join(config.dataDir, FILE);
  await writeFile(`${path}.${process.pid}`, `${url}\n`, { mode: 0o600 });
  await rename(`${path}.${process.pid}`, path);
  return () => rm(path, { force: true });
}

/** The address people type: as configured, or where the running server says it is. */
export async function addressOf(config: Config): Promise<string> {
  if (config.publicUrl !== undefined || config.httpPort !== 0) return publicUrl(config, config.httpPort);
  const said = await readFile(join(config.dataDir, FILE), "utf8").catch(() => "");
  return URL.canParse(said.trim()) ? said.trim() : publicUrl(config, config.httpPort);
}

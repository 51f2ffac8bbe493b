import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const WRK = "/usr/bin/wrk";
const run = promisify(execFile);

export type Load = {
  url: string;
  headers: Readonly<Record<string, string>>;
  paths: readonly string[];
  connections: number;
  seconds: number;
};

/**
 * Requests per second that a server answers when these paths are asked for in turn by one thread of wrk, whose own share of the
 * processor is small. Throws when an answer was not 2xx, or wrk is not installed.
 */
export async function requestsPerSecond({ url, headers, paths, connections, seconds }: Load): Promise<number> {
  if (!existsSync(WRK)) throw new Error("Requests are made by wrk: apt-get install wrk");
  const folder = await mkdtemp(join(tmpdir(), "wrk-"));
  try {
    const script = join(folder, "paths.lua");
    await writeFile(script, scriptOf(paths));
    const said = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const how = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "60s"];
    const { stdout } = await run(WRK, [...how, "-s", script, ...said, url]);
    const refused = /Non-2xx.*|Socket errors.*/.exec(stdout)?.[0];
    if (refused) throw new Error(`${url}: ${refused}`);
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const scriptOf = (paths: readonly string[]): string => `
local paths = {${paths.map((path) => JSON.stringify(path)).join(",\n")}}
local at = 0
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
`;

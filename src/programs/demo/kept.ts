import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Hidden } from "#kit/hidden.ts";
import type { Demo } from "./seed.ts";

const FILE = "demonstration.json";
const PEOPLE = ["clinic", "radiologist", "referrer"] as const;

/** Remembers who is in a demonstration that is filled, second factors and all: they are made up and lie beside their data. */
export async function keepDemo(dataDir: string, demo: Demo): Promise<void> {
  const open = {
    ...demo,
    ...Object.fromEntries(PEOPLE.map((who) => [who, { ...demo[who], secret: demo[who].secret.reveal() }])),
  };
  await writeFile(join(dataDir, FILE), JSON.stringify(open), { mode: 0o600 });
}

/** The demonstration that was filled here before; null when there is none. */
export async function keptDemo(dataDir: string): Promise<Demo | null> {
  let text: string;
  try {
    text = await readFile(join(dataDir, FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error; // what cannot be read is not thrown away as if it were not there
  }
  const open = JSON.parse(text) as Demo & Record<(typeof PEOPLE)[number], { secret: unknown }>;
  for (const who of PEOPLE) open[who].secret = new Hidden(String(open[who].secret));
  return open;
}

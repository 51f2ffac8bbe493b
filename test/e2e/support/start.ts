import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHROMIUM } from "./browser.ts";
import { readWelcome, tellStories } from "./demo.ts";
import { aloneIn, type Running, start } from "./program.ts";

/** Before the first story and after the last (node --test-global-setup): one demonstration for all of them. */
let demo: Running | undefined;
let folder: string | undefined;

export async function globalSetup(): Promise<void> {
  if (!existsSync(CHROMIUM)) throw new Error(`The stories need ${CHROMIUM}; as root: apt-get install chromium`);
  folder = await mkdtemp(join(tmpdir(), "safelight-stories-"));
  demo = await start(["demo"], aloneIn(folder));
  tellStories({ ...readWelcome(demo.said()), dicomTls: demo.ready.dicomTls, dataDir: join(folder, "demo") });
}

export async function globalTeardown(): Promise<void> {
  await demo?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}

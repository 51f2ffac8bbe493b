import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Fault } from "#kit/fault.ts";
import { type Config, publicUrl } from "#platform/config.ts";
import { addPages } from "#platform/http/pages.ts";
import { createHttp } from "#platform/http/server.ts";
import type { Log } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";
import { listen } from "./listen.ts";

const APP_CONFIG = join(import.meta.dirname, "..", "..", "web", "ohif", "app-config.js");
/** OHIF's build writes a hash of the content into these names. */
const HASHED = /(^|\.)[0-9a-f]{16}\.(js|wasm|woff2)$/;

export type Ohif = {
  app: FastifyInstance;
  /** Starts to listen. `url` is where Safelight itself is. @throws Fault config.invalid */
  listen(url: string): Promise<number>;
  /** The origin its pages have, which DICOMweb therefore answers; none before it listens. */
  origins(): readonly string[];
};

/**
 * The OHIF viewer on an origin of its own, so that its code reaches nothing but DICOMweb, and that with a token only. It serves
 * the app as it was built; of its configuration only `app-config.js` is ours.
 */
export async function openOhif(config: Config, log: Log): Promise<Ohif> {
  const folder = config.ohifDir ?? "";
  const page = pageOf(folder);
  const state = { dicomweb: "", origin: "" };
  const headers = ({ url }: FastifyRequest): Record<string, string> => ({
    "content-security-policy": policy(page, state.dicomweb, { worker: /\.js(\?|$)/.test(url) }),
    "cross-origin-embedder-policy": "require-corp",
  });
  const app = createHttp({ config, log, metrics: openMetrics({ ofProcess: false }), headers });
  const appConfig = readFileSync(APP_CONFIG, "utf8");
  app.get("/app-config.js", (_request, reply) => reply.type("text/javascript; charset=utf-8").send(appConfig));
  app.get("/safelight.json", () => ({ dicomweb: state.dicomweb }));
  await addPages(app, { folder, entries: {}, wires: [], forever: HASHED, lazy: true });
  return {
    app,
    async listen(url) {
      const port = await listen(app, { config, setting: "ohifPort", log });
      state.dicomweb = `${url}/dicomweb`;
      state.origin = originOn(config, port);
      return port;
    },
    origins: () => (state.origin === "" ? [] : [state.origin]),
  };
}

/** The public name with this port and the listener's own scheme; behind a proxy the operator names the origin it shows. */
function originOn(config: Config, port: number): string {
  const { hostname } = new URL(publicUrl(config, port));
  return new URL(`${config.tlsCert === undefined ? "http" : "https"}://${hostname}:${port}`).origin;
}

function pageOf(folder: string): string {
  try {
    return readFileSync(join(folder, "index.html"), "utf8");
  } catch (error) {
    throw new Fault(
      "config.invalid",
      "SAFELIGHT_OHIF_DIR names no folder with a built OHIF app (its index.html cannot be read); docs/runbook/ohif.md tells how to get one.",
      { place: "ohifDir", cause: error },
    );
  }
}

/**
 * What OHIF needs to run and no more: its own files, the scripts in its page by their hashes, and our DICOMweb. A worker takes
 * the policy of its script's answer; its decoders make functions from text, which the page itself may not.
 */
function policy(page: string, dicomweb: string, { worker }: { worker: boolean }): string {
  const inline = [...page.matchAll(/<script>([^<]+)<\/script>/g)].map(
    ([, script = ""]) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`,
  );
  return [
    "default-src 'none'",
    `script-src 'self' ${worker ? "'unsafe-eval'" : "'wasm-unsafe-eval'"} blob: ${inline.join(" ")}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "font-src 'self' data:",
    `connect-src 'self' blob: data: ${dicomweb === "" ? "" : new URL(dicomweb).origin}`,
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

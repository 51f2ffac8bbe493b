import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Fault } from "#kit/fault.ts";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  json: "application/json",
  webmanifest: "application/manifest+json",
  wasm: "application/wasm",
  woff2: "font/woff2",
  txt: "text/plain; charset=utf-8",
};
/** What shrinks when it is compressed; fonts and pictures are compressed already. */
const SHRINKS = new Set(["html", "js", "mjs", "css", "svg", "json", "webmanifest", "wasm", "txt"]);

export type PagesOptions = {
  /** Folder of the built web app. */
  folder: string;
  /** Paths that have an entry page of their own; every other page is `index.html`. */
  entries: Readonly<Record<string, string>>;
  /** First parts of paths that are no pages: what is unknown there is unknown. */
  wires: readonly string[];
};

type Encoding = "br" | "gzip" | "identity";
type Built = { body: Buffer; type: string; tag: string; forever: boolean; encoded: Map<Encoding, Promise<Buffer>> };

const brotli = promisify(brotliCompress);
const deflate = promisify(gzip);

/**
 * The built web app: its files as they are (those with a hash in their name for ever), its entry pages for every address of a
 * page. Only files that were there at start are served: a path from outside never reaches the disk.
 */
export async function addPages(app: FastifyInstance, options: PagesOptions): Promise<void> {
  const files = await load(options.folder);
  app.get("/*", async (request, reply) => {
    const path = decodeURIComponent(request.url.split("?", 1)[0] ?? "/");
    const file =
      files.get(path) ?? (isPage(path, options) ? files.get(`/${options.entries[path] ?? "index.html"}`) : undefined);
    if (file === undefined) throw new Fault("route.unknown", missing(files));
    return send(file, request, reply);
  });
}

function isPage(path: string, { wires }: PagesOptions): boolean {
  const first = path.split("/")[1] ?? "";
  return !wires.includes(first) && !/\.[a-z][a-z0-9]{0,11}$/i.test(path);
}

const missing = (files: ReadonlyMap<string, Built>): string =>
  files.size === 0 ? "The web app is not built here; npm run build:web builds it." : "There is nothing here.";

async function load(folder: string): Promise<Map<string, Built>> {
  const files = new Map<string, Built>();
  for (const name of namesIn(folder)) {
    const body = await readFile(join(folder, name));
    const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    const type = MEDIA_TYPES[endingOf(name)] ?? "application/octet-stream";
    files.set(`/${name.replaceAll("\\", "/")}`, {
      body,
      type,
      tag,
      forever: /^assets[\\/]/.test(name),
      encoded: new Map(),
    });
  }
  return files;
}

function namesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

const endingOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1).toLowerCase();

async function send(file: Built, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const encoding = encodingFor(file, request.headers["accept-encoding"] ?? "");
  void reply
    .header("cache-control", file.forever ? "public, max-age=31536000, immutable" : "no-cache")
    .header("etag", file.tag)
    .header("vary", "accept-encoding")
    .type(file.type);
  if (request.headers["if-none-match"] === file.tag) return reply.code(304).send();
  if (encoding !== "identity") void reply.header("content-encoding", encoding);
  return reply.send(await bodyOf(file, encoding));
}

function encodingFor(file: Built, accepted: string): Encoding {
  if (file.body.length < 1024 || !SHRINKS.has(kindOf(file))) return "identity";
  if (/\bbr\b(?!;q=0(\.0+)?\b)/.test(accepted)) return "br";
  return /\bgzip\b(?!;q=0(\.0+)?\b)/.test(accepted) ? "gzip" : "identity";
}

const kindOf = (file: Built): string =>
  Object.keys(MEDIA_TYPES).find((ending) => MEDIA_TYPES[ending] === file.type) ?? "";

/** Compressed once, when first asked for. */
function bodyOf(file: Built, encoding: Encoding): Promise<Buffer> {
  if (encoding === "identity") return Promise.resolve(file.body);
  const existing = file.encoded.get(encoding);
  if (existing) return existing;
  const made =
    encoding === "br"
      ? brotli(file.body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
      : deflate(file.body, { level: 7 });
  file.encoded.set(encoding, made);
  return made;
}

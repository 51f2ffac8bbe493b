import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Fault } from "#kit/fault.ts";
import { acceptedEncoding, type ContentEncoding } from "./encoding.ts";

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
  /** Names of files that never change; those under assets/ unless said otherwise. */
  forever?: RegExp;
  /** Reads a file when it is first asked for, and keeps no more of it than was asked: for an app of hundreds of megabytes. */
  lazy?: boolean;
};

/** Smaller bodies are sent as they are; larger ones than `LARGE` are compressed with less patience. */
const WORTH_IT = 1024;
const LARGE = 4 * 1024 * 1024;

/** `body` and its tag: at hand, or read when asked for. */
type Built = {
  read: () => Promise<Buffer>;
  type: string;
  forever: boolean;
  encoded: Map<ContentEncoding, Promise<Sent>>;
};
type Sent = { body: Buffer; tag: string; encoding: ContentEncoding };

const brotli = promisify(brotliCompress);
const deflate = promisify(gzip);

/**
 * The built web app: its files as they are (those with a hash in their name for ever), its entry pages for every address of a
 * page. Only files that were there at start are served: a path from outside never reaches the disk.
 */
export async function addPages(app: FastifyInstance, options: PagesOptions): Promise<void> {
  const files = await load(options);
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

async function load({ folder, forever = /^assets[\\/]/, lazy = false }: PagesOptions): Promise<Map<string, Built>> {
  const files = new Map<string, Built>();
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    const body = lazy ? undefined : await readFile(path);
    files.set(`/${name.replaceAll("\\", "/")}`, {
      read: () => (body === undefined ? readFile(path) : Promise.resolve(body)),
      type: MEDIA_TYPES[endingOf(name)] ?? "application/octet-stream",
      forever: forever.test(name),
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
  const { body, tag, encoding } = await encodedAs(file, encodingFor(file, request.headers["accept-encoding"] ?? ""));
  void reply
    .header("cache-control", file.forever ? "public, max-age=31536000, immutable" : "no-cache")
    .header("etag", tag)
    .header("vary", "accept-encoding")
    .type(file.type);
  if (request.headers["if-none-match"] === tag) return reply.code(304).send();
  if (encoding !== "identity") void reply.header("content-encoding", encoding);
  return reply.send(body);
}

function encodingFor(file: Built, accepted: string): ContentEncoding {
  if (!SHRINKS.has(kindOf(file))) return "identity";
  return acceptedEncoding(accepted);
}

const kindOf = (file: Built): string =>
  Object.keys(MEDIA_TYPES).find((ending) => MEDIA_TYPES[ending] === file.type) ?? "";

/** Read and compressed once, when first asked for; a failure to read is not kept. */
function encodedAs(file: Built, encoding: ContentEncoding): Promise<Sent> {
  const existing = file.encoded.get(encoding);
  if (existing) return existing;
  const made = encode(file, encoding);
  file.encoded.set(encoding, made);
  made.catch(() => file.encoded.delete(encoding));
  return made;
}

async function encode(file: Built, encoding: ContentEncoding): Promise<Sent> {
  const body = await file.read();
  const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  if (encoding === "identity" || body.length < WORTH_IT) return { body, tag, encoding: "identity" };
  const smaller =
    encoding === "br"
      ? await brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: body.length > LARGE ? 5 : 9 } })
      : await deflate(body, { level: body.length > LARGE ? 5 : 7 });
  return { body: smaller, tag, encoding };
}

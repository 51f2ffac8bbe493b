import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type pg from "pg";
import { Fault } from "#kit/fault.ts";
import { copyIn } from "#platform/postgres/copy.ts";
import type { SealKey } from "#trust/seal/layout.ts";
import { openSealed } from "#trust/seal/opener.ts";
import { type Frame, readFrames } from "./frames.ts";
import { writeDurably } from "./manifest.ts";

const LARGEST_FILE = 1024 * 1024;
const FILE_NAME = /^certificates\/[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Fills the tables and writes the files of a sealed dump. What it holds was proven before it is used; that it is whole, at the end. @throws Fault seal.broken */
export async function loadDump(
  client: pg.ClientBase,
  sealed: AsyncIterable<Uint8Array>,
  key: SealKey,
  dataDir: string,
  rows: number,
): Promise<void> {
  const frames = readFrames(openSealed(sealed, key));
  const counted = { frames: 0, rows: 0 };
  let closed = false;
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    const frame = next.value;
    if (closed) throw broken();
    if (frame.kind === "close") {
      if (frame.frames !== counted.frames) throw broken();
      closed = true;
      continue;
    }
    counted.frames += 1;
    const body = new Body(frames, counted);
    if (frame.kind === "table") {
      const filled = await copyIn(client, `copy ${frame.name} (${frame.columns.join(", ")}) from stdin`, body.pieces());
      if (filled !== body.count) throw broken();
      counted.rows += filled;
    } else if (frame.kind === "file") await writeFile(dataDir, frame, body);
    else throw broken();
  }
  if (!closed || counted.rows !== rows) throw broken();
}

/** The data frames of one table or file, up to its end. */
class Body {
  readonly #frames: AsyncGenerator<Frame, void, undefined>;
  readonly #counted: { frames: number };
  /** What the end said. */
  count = -1;

  constructor(frames: AsyncGenerator<Frame, void, undefined>, counted: { frames: number }) {
    this.#frames = frames;
    this.#counted = counted;
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let next = await this.#frames.next(); !next.done; next = await this.#frames.next()) {
      this.#counted.frames += 1;
      if (next.value.kind === "data") yield next.value.bytes;
      else if (next.value.kind === "end") {
        this.count = next.value.count;
        return;
      } else break;
    }
    throw broken();
  }
}

async function writeFile(dataDir: string, file: Extract<Frame, { kind: "file" }>, body: Body): Promise<void> {
  if (!FILE_NAME.test(file.name)) throw broken();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body.pieces()) {
    pieces.push(Uint8Array.from(piece));
    length += piece.length;
    if (length > LARGEST_FILE) throw broken();
  }
  if (length !== body.count) throw broken();
  const path = join(dataDir, file.name);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeDurably(path, Buffer.concat(pieces), file.mode & 0o644);
}

const broken = (): Fault =>
  new Fault("seal.broken", "The dump in this backup is not whole; take another backup.", { place: "database.sealed" });

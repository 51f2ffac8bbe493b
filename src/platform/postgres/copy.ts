import { once } from "node:events";
import type { Duplex } from "node:stream";
import type pg from "pg";
import { Fault } from "#kit/fault.ts";

/** What of the driver's connection the COPY protocol needs (PostgreSQL documentation §54.2.8); its types leave it out. */
type Wire = {
  query(text: string): void;
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
  stream: Duplex;
};

/** The driver calls these on whatever it was asked to run. */
type Submittable = {
  submit(wire: Wire): void;
  handleCopyInResponse?(wire: Wire): void;
  handleCopyData?(message: { chunk: Buffer }, wire: Wire): void;
  handleCommandComplete(message: { text: string }): void;
  handleReadyForQuery(): void;
  handleError(error: Error): void;
};

function run(client: pg.ClientBase, submittable: Submittable): void {
  (client as unknown as { query(what: Submittable): unknown }).query(submittable);
}

const MOST_WAITING = 1024 * 1024;

/** Runs `copy … to stdout` and yields what comes, with back-pressure; returns the number of rows. The client is busy until the end. */
export async function* copyOut(client: pg.ClientBase, text: string): AsyncGenerator<Buffer, number, undefined> {
  const waiting: Buffer[] = [];
  const state = { bytes: 0, rows: 0, ended: false, paused: false, failed: undefined as Error | undefined };
  let wire: Wire | undefined;
  let wake: () => void = () => undefined;
  run(client, {
    submit(connection) {
      wire = connection;
      connection.query(text);
    },
    handleCopyData({ chunk }) {
      waiting.push(Buffer.from(chunk)); // the driver's buffer is used again
      state.bytes += chunk.length;
      if (state.bytes > MOST_WAITING && !state.paused) {
        state.paused = true;
        wire?.stream.pause();
      }
      wake();
    },
    handleCommandComplete({ text: said }) {
      state.rows = rowsOf(said);
    },
    handleReadyForQuery() {
      state.ended = true;
      wake();
    },
    handleError(error) {
      state.failed = error;
      wake();
    },
  });
  for (;;) {
    const pieces = waiting.splice(0);
    state.bytes = 0;
    if (pieces.length > 0) yield Buffer.concat(pieces);
    else if (state.failed) throw state.failed;
    else if (state.ended) return state.rows;
    else {
      const next = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (state.paused) {
        state.paused = false;
        wire?.stream.resume();
      }
      await next;
    }
  }
}

/** Runs `copy … from stdin` with these bytes; the number of rows. What `chunks` throws, the copy fails with. */
export async function copyIn(
  client: pg.ClientBase,
  text: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<number> {
  let rows = 0;
  let failed: unknown;
  await new Promise<void>((resolve, reject) => {
    run(client, {
      submit: (connection) => connection.query(text),
      handleCopyInResponse(connection) {
        feed(connection, chunks).catch((error: unknown) => {
          failed = error;
          connection.sendCopyFail("the source failed");
        });
      },
      handleCommandComplete({ text: said }) {
        rows = rowsOf(said);
      },
      handleReadyForQuery: () => resolve(),
      handleError: (error) => reject(failed ?? error),
    });
  });
  return rows;
}

async function feed(wire: Wire, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    wire.sendCopyFromChunk(chunk);
    if (wire.stream.writableNeedDrain) await once(wire.stream, "drain");
  }
  wire.endCopyFrom();
}

/** A command's tag: "COPY 12". */
function rowsOf(tag: string): number {
  const rows = /^COPY (\d+)$/.exec(tag)?.[1];
  if (rows === undefined) throw new Fault("internal", "the database ended a COPY with another command's tag");
  return Number(rows);
}

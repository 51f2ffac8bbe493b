import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import fastify from "fastify";
import { sendWhole } from "./whole.ts";

const PIECE = 64 * 1024;
const PIECES = 12;

/** Bodies that differ in every byte from each other's: what is sent of one must never show another. */
const bodyOf = (number: number): Buffer[] => Array.from({ length: PIECES }, () => Buffer.alloc(PIECE, number));

async function started() {
  const app = fastify();
  app.get<{ Params: { number: string } }>("/:number", (request, reply) =>
    sendWhole(reply.type("application/octet-stream"), bodyOf(Number(request.params.number))),
  );
  await app.listen({ host: "127.0.0.1", port: 0 });
  return { app, port: (app.server.address() as AddressInfo).port };
}

const MOST = 30;

/**
 * Asks for many bodies on one connection and reads nothing before `reads`: more than the system's buffers take, so that the
 * later ones wait in the server. Answers the bodies.
 */
async function slowly(port: number, numbers: readonly number[], reads: Promise<unknown>): Promise<Buffer[]> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.pause();
  for (const [at, number] of numbers.entries()) {
    const last = at === numbers.length - 1 ? "Connection: close\r\n" : "";
    socket.write(`GET /${number} HTTP/1.1\r\nHost: localhost\r\n${last}\r\n`);
  }
  await reads;
  let answer = Buffer.concat(await Array.fromAsync(socket as AsyncIterable<Buffer>));
  return numbers.map(() => {
    const begin = answer.indexOf("\r\n\r\n") + 4;
    const body = answer.subarray(begin, begin + PIECES * PIECE);
    answer = answer.subarray(begin + PIECES * PIECE);
    return body;
  });
}

test("what is sent stays as it was while others are answered from the same memory", async () => {
  const { app, port } = await started();
  try {
    const late = Promise.withResolvers<void>();
    const numbers = Array.from({ length: MOST }, (_, at) => at + 1);
    const slow = slowly(port, numbers, late.promise);
    await setTimeout(200);
    for (let quick = 100; quick < 100 + MOST; quick++) {
      const body = Buffer.from(await (await fetch(`http://127.0.0.1:${port}/${quick}`)).arrayBuffer());
      assert.ok(body.equals(Buffer.concat(bodyOf(quick))), `the quick one ${quick}`);
    }
    late.resolve();
    for (const [at, body] of (await slow).entries())
      assert.ok(body.equals(Buffer.concat(bodyOf(at + 1))), `the slow one ${at + 1}`);
  } finally {
    await app.close();
  }
});

test("whoever goes away in the middle of a body spoils nobody else's", async () => {
  const { app, port } = await started();
  try {
    for (let number = 1; number <= 40; number++) {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.write(`GET /${number} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await once(socket, "data");
      socket.destroy();
      const body = Buffer.from(await (await fetch(`http://127.0.0.1:${port}/${number + 100}`)).arrayBuffer());
      assert.ok(body.equals(Buffer.concat(bodyOf(number + 100))));
    }
  } finally {
    await app.close();
  }
});

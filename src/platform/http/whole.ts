import type { FastifyReply } from "fastify";
import { BufferPool } from "#kit/buffer-pool.ts";

/** An image of CT's usual size with what stands around it. */
const BODIES = new BufferPool({ bytes: 1024 * 1024 + 8192, most: 16 });

/** Sends pieces as one body of known length, copied into memory that is used again once the system has taken all of it. */
export function sendWhole(reply: FastifyReply, pieces: readonly Uint8Array[]): FastifyReply {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const body = BODIES.take(length);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  reply.raw.once("finish", () => BODIES.give(body)); // a connection that breaks off never gets there
  return reply.send(body.subarray(0, length));
}

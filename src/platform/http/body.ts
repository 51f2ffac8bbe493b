import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";

/** How long a sender may go on with a request that was answered already. */
const DISCARD_MS = 10_000;

/** A streamed body. Whoever stops reading it leaves the connection as it is, so that the answer can still be sent on it. */
export function bodyOf(request: FastifyRequest): AsyncIterable<Buffer> {
  return (request.body as Readable).iterator({ destroyOnReturn: false });
}

/**
 * RFC 9112 §9.6: an answer that comes before the request was read is lost where the connection stalls or is reset. What still
 * comes is read and thrown away; a sender who does not end within ten seconds is cut off.
 */
export function discardRest({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (isOver(raw)) return;
  raw.resume();
  reply.raw.once("finish", () => {
    if (isOver(raw)) return;
    const late = setTimeout(() => raw.destroy(), DISCARD_MS);
    late.unref();
    for (const over of ["end", "close"]) raw.once(over, () => clearTimeout(late));
  });
}

/** Requests that are injected by tests are whole from the beginning, and do not say so. */
function isOver(raw: { complete?: boolean; destroyed: boolean }): boolean {
  return raw.complete !== false || raw.destroyed;
}

import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";

export type Range = { readonly start: number; readonly end: number };

/**
 * RFC 9110 §14.2: the one range of bytes a request asks for, `end` exclusive. Undefined: the whole (no range, another unit, several
 * ranges, or a grammar nobody knows). "unsatisfiable": nothing of it is there.
 */
export function rangeOf(header: string | undefined, length: number): Range | "unsatisfiable" | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec((header ?? "").replaceAll(" ", ""));
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const suffix = Math.min(Number(last), length);
    return suffix === 0 ? "unsatisfiable" : { start: length - suffix, end: length };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= length) return "unsatisfiable";
  return { start, end: last === "" ? length : Math.min(length, Number(last) + 1) };
}

/**
 * Sends bytes whose length is known, or the range of them that was asked for: 206 with Content-Range, 416 when there is nothing
 * of it (RFC 9110 §14). `If-Range` with another validator than ours gets the whole.
 */
export function sendRange(
  request: FastifyRequest,
  reply: FastifyReply,
  length: number,
  bytes: (range: Range) => AsyncIterable<Uint8Array>,
): FastifyReply {
  void reply.header("accept-ranges", "bytes");
  const ifRange = request.headers["if-range"];
  const fresh = ifRange === undefined || ifRange === reply.getHeader("etag");
  const range = fresh && request.method === "GET" ? rangeOf(request.headers.range, length) : undefined;
  if (range === "unsatisfiable") return reply.code(416).header("content-range", `bytes */${length}`).send();
  const { start, end } = range ?? { start: 0, end: length };
  if (range) void reply.code(206).header("content-range", `bytes ${start}-${end - 1}/${length}`);
  return reply.header("content-length", end - start).send(Readable.from(bytes({ start, end }), { objectMode: false }));
}

/**
 * RFC 9110 §13.1.2: sets the validator of what never changes and answers whether the client has it already (304 is sent then).
 */
export function unchanged(request: FastifyRequest, reply: FastifyReply, tag: string): boolean {
  const etag = `"${tag}"`;
  void reply.header("etag", etag);
  const known = (request.headers["if-none-match"] ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
  if (!known.includes(etag) && !known.includes("*")) return false;
  void reply.code(304).send();
  return true;
}

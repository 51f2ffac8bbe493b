import { pipeline, Readable } from "node:stream";
import { constants, createBrotliCompress, createGzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";

export type ContentEncoding = "br" | "gzip" | "identity";

/** RFC 9110 §12.5.3: the best coding that a client names; `q=0` refuses one, and `*` is no wish for one. */
export function acceptedEncoding(header: string | undefined): ContentEncoding {
  const wanted = (header ?? "")
    .toLowerCase()
    .split(",")
    .map((one) => one.trim().split(/\s*;\s*q=/));
  const taken = wanted.filter(([, quality]) => quality === undefined || Number(quality) > 0).map(([name]) => name);
  return taken.includes("br") ? "br" : taken.includes("gzip") ? "gzip" : "identity";
}

/**
 * Text that shrinks (JSON, XML), compressed as it streams where the client takes that. A fast level: attributes repeat
 * themselves, and whoever asks waits.
 */
export function compressed(
  request: FastifyRequest,
  reply: FastifyReply,
  text: AsyncIterable<string> | Iterable<string>,
): Readable {
  const encoding = acceptedEncoding(request.headers["accept-encoding"]);
  void reply.header("vary", "accept, accept-encoding");
  const plain = Readable.from(text);
  if (encoding === "identity") return plain;
  void reply.header("content-encoding", encoding);
  const encoder =
    encoding === "br"
      ? createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })
      : createGzip({ level: 1 });
  pipeline(plain, encoder, () => undefined); // whoever reads the encoder hears of its failure
  return encoder;
}

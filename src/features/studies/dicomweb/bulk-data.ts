import { Readable } from "node:stream";
import { denied } from "#features/sharing/gate.ts";
import type { Handler } from "#features/studies/dicomweb/asked.ts";
import { acceptOf } from "#features/studies/dicomweb/asked.ts";
import { admit, oneWithParts } from "#features/studies/dicomweb/instances.ts";
import { locate, valuesOf } from "#features/studies/element-bytes.ts";
import { EXPLICIT_LE } from "#standards/dicom/transfer-syntaxes.ts";
import { parseAccept } from "#standards/dicomweb/media-types.ts";
import { closing, newBoundary, partHead } from "#standards/dicomweb/multipart.ts";

/** PS3.18 §10.4.1.1.5: one value by the address that metadata gave: multipart or, when asked, single. */
export const retrieveBulkData: Handler = async (needs, asked, request, reply) => {
  const path = (asked.bulk ?? "").split("/");
  if (path.length > 129 || !path.every((part, at) => (at % 2 === 0 ? /^[0-9A-F]{8}$/ : /^\d{1,6}$/).test(part)))
    throw denied();
  const { opened, count } = await admit(needs, asked, "view");
  const { object } = await oneWithParts(needs, asked, opened);
  const found = await locate(needs, object, path);
  if (!found) throw denied();
  const single = parseAccept(acceptOf(asked, request)).some(({ type }) => type === "application/octet-stream");
  const boundary = newBoundary();
  const values = valuesOf(needs, object, found);
  async function* body(): AsyncGenerator<Uint8Array> {
    let first = true;
    for (const value of values) {
      if (!single)
        yield partHead(boundary, { "Content-Type": `application/octet-stream; transfer-syntax=${EXPLICIT_LE}` }, first);
      for await (const piece of value) {
        count({ bytes: piece.length });
        yield piece;
      }
      first = false;
    }
    if (!single) yield closing(boundary, first);
  }
  reply.type(
    single ? "application/octet-stream" : `multipart/related; type="application/octet-stream"; boundary="${boundary}"`,
  );
  return reply.send(Readable.from(body()));
};

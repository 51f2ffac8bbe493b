/** One part of a multipart/related answer (RFC 2046 §5.1, PS3.18 §8.6.1.2). */
export type Part = { readonly type: string; readonly bytes: Uint8Array };

/**
 * The first part of a body, without copying its bytes. A body that is not multipart is its own part. Throws when the body
 * ends before the closing boundary: half an image must not pass for one.
 */
export function firstPart(contentType: string, body: Uint8Array): Part {
  if (!contentType.toLowerCase().startsWith("multipart/")) return { type: contentType, bytes: body };
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1] ?? boundaryIn(body);
  const opening = indexOf(body, `--${boundary}`, 0);
  const headersEnd = opening < 0 ? -1 : indexOf(body, "\r\n\r\n", opening);
  if (headersEnd < 0) throw new Error("The answer has no part.");
  const start = headersEnd + 4;
  const end = indexOf(body, `\r\n--${boundary}`, start);
  if (end < 0) throw new Error("The answer ended early.");
  const headers = latin1(body.subarray(opening, headersEnd));
  return { type: /^content-type:\s*(.+)$/im.exec(headers)?.[1]?.trim() ?? "", bytes: body.subarray(start, end) };
}

/** The transfer syntax that a media type names, or "". */
export function transferSyntaxOf(type: string): string {
  return /transfer-syntax="?([0-9.]+)"?/i.exec(type)?.[1] ?? "";
}

function boundaryIn(body: Uint8Array): string {
  const line = latin1(body.subarray(0, 200)).split("\r\n")[0] ?? "";
  if (!line.startsWith("--")) throw new Error("The answer names no boundary.");
  return line.slice(2);
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 8192));
}

function indexOf(body: Uint8Array, wanted: string, from: number): number {
  const bytes = Uint8Array.from(wanted, (character) => character.charCodeAt(0));
  const first = bytes[0] ?? 0;
  for (
    let at = body.indexOf(first, from);
    at >= 0 && at + bytes.length <= body.length;
    at = body.indexOf(first, at + 1)
  ) {
    let same = 1;
    while (same < bytes.length && body[at + same] === bytes[same]) same++;
    if (same === bytes.length) return at;
  }
  return -1;
}

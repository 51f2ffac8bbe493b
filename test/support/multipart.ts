export type ReceivedPart = { headers: Headers; body: Buffer };

/** The parts of a whole multipart/related body, cut as RFC 2046 §5.1.1 says; not the code that writes ours. */
export function partsOf(contentType: string | null, body: Buffer): ReceivedPart[] {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType ?? "")?.[1];
  if (boundary === undefined) throw new Error(`${contentType} names no boundary`);
  const delimiter = `\r\n--${boundary}`;
  const text = Buffer.concat([Buffer.from("\r\n"), body]);
  const parts: ReceivedPart[] = [];
  let at = text.indexOf(delimiter);
  for (;;) {
    const begin = at + delimiter.length;
    const next = text.indexOf(delimiter, begin);
    if (next < 0) break;
    const head = text.indexOf("\r\n\r\n", begin);
    const headers = new Headers();
    for (const line of text.toString("latin1", begin, head).split("\r\n").filter(Boolean)) {
      const colon = line.indexOf(":");
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    parts.push({ headers, body: text.subarray(head + 4, next) });
    at = next;
  }
  if (text.toString("latin1", at + delimiter.length, at + delimiter.length + 2) !== "--")
    throw new Error("the last boundary is missing");
  return parts;
}

import type { IncomingMessage } from "node:http";

/**
 * Whether a request has one host and one length, so that nobody between us and the sender can read it in another way (request
 * smuggling). RFC 9112 §3.2: more than one Host field is refused; §6.1: a transfer coding other than chunked is not understood
 * here. Node's parser refuses the rest: two lengths, a length beside a coding, folded lines.
 */
export function isFramedOnce({ rawHeaders }: Pick<IncomingMessage, "rawHeaders">): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase();
    if (name === "host" && ++hosts > 1) return false;
    if (name === "transfer-encoding" && rawHeaders[at + 1]?.trim().toLowerCase() !== "chunked") return false;
  }
  return true;
}

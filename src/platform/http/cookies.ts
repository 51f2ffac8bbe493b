import type { FastifyRequest } from "fastify";

/** RFC 6265bis §4.1.3.2: a cookie that only this host set and only over TLS; without TLS (loopback) the plain name. */
export const hostCookie = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name);

/** The value of a cookie of this request, as it was sent; undefined when there is none or more than one of that name. */
export function readCookie(request: Pick<FastifyRequest, "headers">, name: string): string | undefined {
  const values = (request.headers.cookie ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}

/** A Set-Cookie line: host-only, for every path, out of scripts' reach, never sent from another site. `seconds` 0 removes it. */
export function setCookie(
  name: string,
  value: string,
  { secure, seconds }: { secure: boolean; seconds: number },
): string {
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
}

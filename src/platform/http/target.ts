/** RFC 9110 §7.1: the forms of a request target that name a host of their own. */
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * RFC 9112 §3.2.2: the host (and port) of a target in absolute form, which counts instead of the Host field; undefined for the
 * origin form, null for an absolute one that is no address of ours to answer: another scheme, or with user information
 * (RFC 9110 §4.2.4).
 */
export function authorityOf(target: string): string | null | undefined {
  if (!ABSOLUTE.test(target)) return undefined;
  if (!URL.canParse(target)) return null;
  const { protocol, host, username, password } = new URL(target);
  const ours = (protocol === "http:" || protocol === "https:") && username === "" && password === "";
  return ours && host !== "" ? host : null;
}

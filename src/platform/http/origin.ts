import type { FastifyRequest } from "fastify";
import { Fault } from "#kit/fault.ts";

/** RFC 9110 §9.2.1: methods that change nothing. */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a request that carries a cookie comes from our own pages. Browsers say so themselves (Fetch standard: Origin,
 * Sec-Fetch-Site); one that says nothing is taken for a stranger.
 */
export function isSameOrigin(
  request: Pick<FastifyRequest, "headers" | "protocol" | "host">,
  publicUrl: string,
): boolean {
  const { origin, "sec-fetch-site": site } = request.headers;
  if (origin !== undefined)
    return origin === new URL(publicUrl).origin || origin === `${request.protocol}://${request.host}`;
  return site === "same-origin";
}

/** Whether the browser says that a page of another origin asks. A foreign page brings a token; a person's cookie speaks for our own pages only. */
export function isForeign(request: Pick<FastifyRequest, "headers" | "protocol" | "host">, publicUrl: string): boolean {
  return request.headers.origin !== undefined && !isSameOrigin(request, publicUrl);
}

/** @throws Fault route.misdirected for a change that another site asks for */
export function refuseCrossSite(
  request: Pick<FastifyRequest, "headers" | "protocol" | "host" | "method">,
  publicUrl: string,
): void {
  if (SAFE.has(request.method) || isSameOrigin(request, publicUrl)) return;
  throw new Fault("request.cross-site", "Only this server's own pages may ask for this.", { place: "Origin" });
}

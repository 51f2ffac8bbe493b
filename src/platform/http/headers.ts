/**
 * What a page may load and do: only our own files and what they make themselves (blob: workers and images of the viewer,
 * WebAssembly decoders). Nothing inline, nothing evaluated, no frame of others around us. A page that must place style
 * elements itself gets a nonce.
 */
export function contentSecurityPolicy(options: { styleNonce?: string } = {}): string {
  const nonce = options.styleNonce === undefined ? "" : ` 'nonce-${options.styleNonce}'`;
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `style-src 'self'${nonce}`,
    "img-src 'self' blob: data:",
    "font-src 'self'",
    "connect-src 'self'",
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** Headers of every answer; a route that wants another value sets its own. */
export function securityHeaders(secure: boolean): Record<string, string> {
  return {
    "content-security-policy": contentSecurityPolicy(),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy":
      "camera=(), microphone=(), geolocation=(), payment=(), usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)",
    "cache-control": "no-store",
    ...(secure ? { "strict-transport-security": "max-age=63072000" } : {}),
  };
}

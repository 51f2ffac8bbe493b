import assert from "node:assert/strict";
import { test } from "node:test";
import { hostCookie, readCookie, setCookie } from "./cookies.ts";
import { isSameOrigin } from "./origin.ts";

const OWN = "https://images.example.org";
const from = (headers: Record<string, string>, host = "images.example.org") =>
  isSameOrigin({ headers, protocol: "https", host }, OWN);

test("a request is our own page's when its Origin is ours, or, where there is none, the browser says same-origin", () => {
  assert.ok(from({ origin: OWN }));
  assert.ok(from({ origin: "https://127.0.0.1:8443" }, "127.0.0.1:8443"));
  assert.ok(from({ "sec-fetch-site": "same-origin" }));
});

test("another origin, an opaque one and silence are strangers, whatever else is said", () => {
  for (const headers of [
    { origin: "https://evil.example" },
    { origin: "http://images.example.org" },
    { origin: "https://images.example.org:444" },
    { origin: "https://images.example.org.evil.example" },
    { origin: "null" },
    { origin: "null", "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "none" },
    {},
  ]) {
    assert.ok(!from(headers), JSON.stringify(headers));
  }
});

test("a cookie is read by its whole name, and one that was sent twice is none", () => {
  const read = (cookie: string) => readCookie({ headers: { cookie } }, "safelight");
  assert.equal(read("a=1; safelight=x.y=z; b=2"), "x.y=z");
  assert.equal(read("not-safelight=1; safelight2=2"), undefined);
  assert.equal(read("safelight=1; safelight=2"), undefined);
  assert.equal(readCookie({ headers: {} }, "safelight"), undefined);
});

test("our cookies are host-only, out of scripts' reach and never sent from another site", () => {
  assert.equal(
    setCookie(hostCookie("safelight", true), "v", { secure: true, seconds: 60 }),
    "__Host-safelight=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure",
  );
  assert.equal(
    setCookie(hostCookie("safelight", false), "", { secure: false, seconds: 0 }),
    "safelight=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
  );
});

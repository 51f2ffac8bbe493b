import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceOf } from "./source.ts";

test("attempts are counted by IPv4 address and by the /64 of an IPv6 subscriber", () => {
  const cases = [
    ["203.0.113.9", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:bbbb:0:0:9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
  ];
  for (const [address = "", source] of cases) assert.equal(sourceOf(address), source);
});

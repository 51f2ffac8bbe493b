import assert from "node:assert/strict";
import { test } from "node:test";
import { authorityOf } from "./target.ts";

const CASES: readonly [target: string, authority: string | null | undefined][] = [
  ["/", undefined],
  ["/a?to=http://evil.example/", undefined],
  ["//evil.example/a", undefined], // RFC 9112 §3.2.1: an absolute path, however it looks
  ["*", undefined],
  ["http://localhost:8080/a?b", "localhost:8080"],
  ["HTTP://LOCALHOST/", "localhost"],
  ["https://images.example", "images.example"],
  ["http://[::1]:80/", "[::1]"],
  ["http://evil.example/", "evil.example"],
  ["http://localhost@evil.example/", null],
  ["http://:secret@localhost/", null],
  ["ftp://localhost/", null],
  ["javascript://localhost/%0aalert(1)", null],
  ["http://", null],
  ["http://local host/", null],
  ["http://localhost:99999/", null],
];
for (const [target, authority] of CASES)
  test(`RFC 9112 §3.2.2: the host of ${target} is ${authority}`, () => assert.equal(authorityOf(target), authority));

#!/usr/bin/env node
// The command line's door. It is written so that any Node of the last years can read it (bin/package.json makes it a
// CommonJS file, which old ones load whatever its ending): they get a sentence instead of a stack trace.
var oldest = 26;
var major = Number(process.versions.node.split(".")[0]);

if (major < oldest) {
  console.error(
    "Safelight needs Node " +
      oldest +
      " or newer and this is Node " +
      process.versions.node +
      ". `npm ci` brings one along: use `npx safelight`, or `npm run safelight --`.",
  );
  process.exitCode = 3;
} else {
  // Files, fsync and password hashing share these threads; the number is read when the first of them is needed.
  if (process.env.UV_THREADPOOL_SIZE === undefined) process.env.UV_THREADPOOL_SIZE = "16";
  // Images pass through in buffers outside of the heap. Counted on their own they start a marking of the whole heap for every
  // few images; counted as part of the heap they do not (docs/performance.md).
  require("node:v8").setFlagsFromString("--external-memory-accounted-in-global-limit");
  void import("../src/programs/cli.ts").then((cli) =>
    cli.main(process.argv.slice(2)).then((code) => {
      process.exitCode = code;
    }),
  );
}

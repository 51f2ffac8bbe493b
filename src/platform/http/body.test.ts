import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Fault } from "#kit/fault.ts";
import { bodyOf } from "#platform/http/body.ts";
import { createHttp } from "#platform/http/server.ts";
import { openLog } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";

const MOST = 100_000;

test("an answer that comes before a streamed request was read reaches its sender, and the connection goes on", async (t) => {
  const app = createHttp({
    config: { trustedProxies: [], tlsCert: undefined, tlsKey: undefined, publicUrl: undefined },
    log: openLog({ level: "silent" }),
    metrics: openMetrics({ ofProcess: false }),
  });
  t.after(() => app.close());
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.post("/stream", { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request) => {
    let bytes = 0;
    for await (const chunk of bodyOf(request)) {
      bytes += chunk.length;
      if (bytes > MOST) throw new Fault("storage.full", "There is no room.");
    }
    return { bytes };
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  const said = text(socket);
  const post = (bytes: number): Buffer =>
    Buffer.concat([
      Buffer.from(`POST /stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: x/y\r\nContent-Length: ${bytes}\r\n\r\n`),
      Buffer.alloc(bytes),
    ]);
  socket.write(post(30_000_000));
  socket.end(post(1000));
  const answers = await said;
  assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 507", "HTTP/1.1 200"]);
  assert.ok(answers.endsWith('{"bytes":1000}'));
});

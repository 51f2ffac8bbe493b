import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const CLIENT = join(import.meta.dirname, "../../node_modules/dicomweb-client/build/dicomweb-client.js");

/** Somebody else's web page on a loopback origin of its own, with dicomweb-client loaded as `DICOMwebClient`. */
export async function openForeignPage(): Promise<{ origin: string; close(): void }> {
  const script = readFileSync(CLIENT);
  const server = createServer((request, response) => {
    const page =
      request.url === "/client.js"
        ? script
        : '<!doctype html><title>Elsewhere</title><script src="/client.js"></script>';
    response.setHeader("content-type", request.url === "/client.js" ? "text/javascript" : "text/html");
    response.end(request.url === "/favicon.ico" ? "" : page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

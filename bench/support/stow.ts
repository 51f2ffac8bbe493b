import type { TestServer } from "../../test/support/server.ts";

/** Stores one instance by STOW-RS, streamed as it is made. Throws with what was answered unless it is 200. */
export async function storeByWeb(server: TestServer, token: string, pieces: Iterable<Uint8Array>): Promise<void> {
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("--b\r\nContent-Type: application/dicom\r\n\r\n");
    yield* pieces;
    yield Buffer.from("\r\n--b--\r\n");
  }
  const response = await fetch(`${server.url}/dicomweb/studies`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": 'multipart/related; type="application/dicom"; boundary=b',
    },
    body: ReadableStream.from(body()),
    duplex: "half",
  } as RequestInit);
  const answer = await response.text();
  if (response.status !== 200) throw new Error(`STOW answers ${response.status}: ${answer}`);
}

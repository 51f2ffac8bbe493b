import { createReadStream } from "node:fs";
import { Fault } from "#kit/fault.ts";

/** A line of an export that discloses its detail is far shorter. */
const LONGEST_LINE = 4 * 1024 * 1024;

/** The lines of a file, each without its line feed, in bounded memory. @throws Fault input.invalid, input.too-large */
export async function* linesOf(path: string): AsyncGenerator<string, void, undefined> {
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10)) {
        yield bytes.subarray(0, at).toString("utf8");
        bytes = bytes.subarray(at + 1);
      }
      rest = Buffer.from(bytes);
      if (rest.length > LONGEST_LINE)
        throw new Fault("input.too-large", "A line of this file is longer than any line of an export.", {
          place: "export",
        });
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(
      "input.invalid",
      `The file cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"}).`,
      {
        place: "export",
        cause: error,
      },
    );
  }
  if (rest.length > 0) yield rest.toString("utf8");
}

import { Transform } from "node:stream";
import { Fault } from "#kit/fault.ts";

/** Passes bytes on and throws `input.too-large` once more than `max` bytes came: it counts what arrives, a declared length is only a hint. */
export function limitBytes(max: number, what = "the body"): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > max) done(new Fault("input.too-large", `${what} is larger than the ${max} bytes allowed here`));
      else done(null, chunk);
    },
  });
}

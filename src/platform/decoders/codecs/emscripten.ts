import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Fault } from "#kit/fault.ts";
import {
  compile,
  instantiate,
  type WasmImports,
  type WasmInstance,
  type WasmModule,
} from "#platform/decoders/codecs/webassembly.ts";

/** What the decoder classes of the `@cornerstonejs/codec-*` packages have in common. */
export type FrameDecoder = {
  getEncodedBuffer(bytes: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number; isSigned?: boolean };
  decode(): void;
  delete?(): void;
};

type Options = {
  print: (text: string) => void;
  printErr: (text: string) => void;
  instantiateWasm(imports: WasmImports, done: (instance: WasmInstance) => void): object;
};
type Factory<Codec> = (options: Options) => Promise<Codec>;

const require = createRequire(import.meta.url);
const compiled = new Map<string, WasmModule>();
const silent = (): void => undefined;

/**
 * A codec in memory of its own: each frame gets a new one, so nothing of the frame before can show and no damage stays.
 * Only the compiled code is kept. What the codec prints is thrown away: it may hold values.
 */
export async function freshCodec<Codec>(script: string, wasm: string): Promise<Codec> {
  const loaded = require(script) as Factory<Codec> | { default: Factory<Codec> };
  const factory = typeof loaded === "function" ? loaded : loaded.default;
  let module = compiled.get(wasm);
  if (module === undefined) {
    module = compile(readFileSync(require.resolve(wasm)));
    compiled.set(wasm, module);
  }
  const code = module;
  return factory({
    print: silent,
    printErr: silent,
    instantiateWasm(imports, done) {
      const instance = instantiate(code, imports);
      done(instance);
      return instance.exports;
    },
  });
}

/** Feeds one frame to a decoder and gives its bytes as they stand in the codec's memory. Throws `decoder.failed`. */
export function runDecoder(decoder: FrameDecoder, frame: Uint8Array, name: string): Uint8Array {
  try {
    decoder.getEncodedBuffer(frame.length).set(frame);
    decoder.decode();
    return decoder.getDecodedBuffer();
  } catch (cause) {
    throw new Fault("decoder.failed", `The ${name} frame cannot be decoded.`, { cause });
  }
}

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Fault } from "#kit/fault.ts";
import { compile, instantiate, type WasmModule } from "#platform/decoders/codecs/webassembly.ts";
import type { CodestreamHeader } from "#standards/pixels/codestream.ts";

/**
 * JPEG processes 1 to 14 at 8, 12 and 16 bits, by the Independent JPEG Group's three libraries in one WebAssembly module of
 * the package `dcmjs-codecs`. Only that module is used: none of the package's own code, which prints element values.
 */
const path = createRequire(import.meta.url).resolve("dcmjs-codecs/build/dcmjs-native-codecs.wasm");
let compiled: WasmModule | undefined;

type Exports = {
  memory: { buffer: ArrayBuffer };
  _initialize(): void;
  CreateCodecsContext(): number;
  CreateDecoderParameters(): number;
  SetConvertColorspaceToRgb(parameters: number, convert: number): void;
  SetColumns(context: number, columns: number): void;
  SetRows(context: number, rows: number): void;
  SetBitsAllocated(context: number, bits: number): void;
  SetBitsStored(context: number, bits: number): void;
  SetSamplesPerPixel(context: number, samples: number): void;
  SetEncodedBufferSize(context: number, bytes: number): void;
  GetEncodedBuffer(context: number): number;
  GetDecodedBuffer(context: number): number;
  GetDecodedBufferSize(context: number): number;
  DecodeJpeg(context: number, parameters: number): void;
};

/**
 * Interleaved samples as the stream has them (no colour conversion; chroma brought to full size), one byte each up to 8 bits,
 * else two, little-endian. Each frame gets memory of its own, so nothing of the one before can show. Throws `decoder.failed`.
 */
export function decodeJpeg(frame: Uint8Array, header: CodestreamHeader): Uint8Array {
  compiled ??= compile(readFileSync(path));
  const codec = freshLibrary(compiled);
  const context = codec.CreateCodecsContext();
  const parameters = codec.CreateDecoderParameters();
  codec.SetConvertColorspaceToRgb(parameters, 0);
  codec.SetColumns(context, header.width);
  codec.SetRows(context, header.height);
  codec.SetBitsAllocated(context, header.precision > 8 ? 16 : 8);
  codec.SetBitsStored(context, header.precision);
  codec.SetSamplesPerPixel(context, header.components);
  codec.SetEncodedBufferSize(context, frame.length);
  new Uint8Array(codec.memory.buffer).set(frame, codec.GetEncodedBuffer(context));
  codec.DecodeJpeg(context, parameters);
  return new Uint8Array(codec.memory.buffer, codec.GetDecodedBuffer(context), codec.GetDecodedBufferSize(context));
}

/** What the library says when entropy-coded data run out: it would go on with grey. A part of a picture is not a picture. */
const RAN_OUT = "premature end of data segment";

function freshLibrary(module: WasmModule): Exports {
  const nothing = (): number => 0;
  let exports: Exports;
  const instance = instantiate(module, {
    env: {
      onCodecsException: (): never => {
        throw new Fault("decoder.failed", "The JPEG frame cannot be decoded.");
      },
      onCodecsInfo: (at: number, length: number): void => {
        if (Buffer.from(exports.memory.buffer, at, length).includes(RAN_OUT)) throw endsEarly();
      },
      onCodecsTrace: nothing,
      emscripten_notify_memory_growth: nothing,
    },
    wasi_snapshot_preview1: {
      proc_exit: (): never => {
        throw new Fault("decoder.failed", "The JPEG decoder gave up.");
      },
      clock_time_get: nothing,
      fd_write: nothing,
      fd_close: nothing,
      fd_seek: nothing,
      environ_get: nothing,
      environ_sizes_get: nothing,
    },
  });
  exports = instance.exports as Exports;
  exports._initialize();
  return exports;
}

function endsEarly(): Fault {
  return new Fault("dicom.malformed", "The JPEG frame ends before its last pixel.", {
    place: "(7FE0,0010) Pixel Data",
  });
}

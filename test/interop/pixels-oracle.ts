import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { DicomJson } from "#standards/pixels/json.ts";
import type { Samples } from "#standards/pixels/native.ts";

/** What other programs make of one image; file names are for `Oracle.read`. */
export type OracleImage = {
  path: string;
  syntax: string;
  /** How many frames it has. */
  count: number;
  attributes: DicomJson;
  vr: string;
  /** Native pixel data, all of it. */
  pixels?: string;
  frames: OracleFrame[];
  photometric?: string;
  /** The first frame as DCMTK draws it. */
  drawn?: { file: string; channels: number; window: [number, number] | null; sigmoid: boolean } | null;
  error?: string;
};

/** One frame (from 0): as it is stored when encapsulated, its samples, and for JPEG baseline its colours in Pillow's eyes. */
export type OracleFrame = {
  index: number;
  expected: string;
  kind: "u" | "i" | "f";
  bytes: 1 | 2 | 4 | 8;
  frame?: string;
  rgb?: string;
};

export type Oracle = { images: OracleImage[]; read(file: string): Promise<Uint8Array>; close(): Promise<void> };

const IMAGES = join(import.meta.dirname, "../../../shared/data/dicom");
const SCRIPT = join(import.meta.dirname, "pixels-oracle.py");

/** Runs pydicom, DCMTK, GDCM, OpenJPH and libjxl over every sample image. */
export async function askOracle(): Promise<Oracle> {
  const folder = await mkdtemp(join(tmpdir(), "pixels-"));
  await promisify(execFile)("/usr/bin/python3", [SCRIPT, IMAGES, folder]);
  return {
    images: JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as OracleImage[],
    read: async (file) => new Uint8Array(await readFile(join(folder, file))),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The oracle's little-endian samples in the array that fits them. */
export function samplesOf({ kind, bytes }: OracleFrame, { buffer }: Uint8Array): Samples {
  if (kind === "f") return bytes === 4 ? new Float32Array(buffer) : new Float64Array(buffer);
  if (bytes === 1) return kind === "i" ? new Int8Array(buffer) : new Uint8Array(buffer);
  if (bytes === 2) return kind === "i" ? new Int16Array(buffer) : new Uint16Array(buffer);
  return kind === "i" ? new Int32Array(buffer) : new Uint32Array(buffer);
}

import { syntheticCtSlice } from "#phantoms/bench-objects.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { uid } from "#standards/dicom/values.ts";
import { type SampleFile, samplePart10 } from "../dcmtk.ts";

/** One instance of a study of ours: made again whenever it is wanted, always the same bytes. */
export type Slice = { readonly study: number; readonly number: number };

const PER_STUDY = 100_000;

/** 33 kB mostly, now and then half a megabyte, seldom 8 MB: what is lost should be lost in the middle of something, too. */
function sizeOf({ study, number }: Slice): number {
  if (study % 8 === 0 && number % 5 === 2) return 2048;
  return number % 8 === 4 ? 512 : 128;
}

/** The Part 10 file, as STOW-RS carries it. */
export function fileOf(slice: Slice): Uint8Array {
  const { study, number } = slice;
  return syntheticCtSlice({ uidSuffix: study * PER_STUDY + number, study, size: sizeOf(slice) }).part10;
}

/** What a C-STORE of it carries. */
export function partsOf(slice: Slice): SampleFile {
  const parts = samplePart10(fileOf(slice));
  if (parts === undefined) throw new Error("a slice of ours is no Part 10 file");
  return parts;
}

const studyUids = new Map<number, string>();

/** The Study Instance UID of a study's slices. */
export function studyUid(study: number): string {
  const known = studyUids.get(study) ?? uid(readPart10(fileOf({ study, number: 0 })).dataSet, 0x0020000d) ?? "";
  studyUids.set(study, known);
  return known;
}

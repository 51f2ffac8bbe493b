import { pipeline } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import yauzl from "yauzl";
import type { UploadedFile } from "#contract/studies.ts";
import { ARCHIVE_LIMITS, type ArchiveLimits, Inflation } from "#features/studies/import/archive-limits.ts";
import { type FileToImport, refused } from "#features/studies/import/one-file.ts";
import { RangeReader, type Ranges } from "#features/studies/import/range-reader.ts";
import { Fault } from "#kit/fault.ts";

const LONGEST_NAME = 1024;
/** APPNOTE 6.3.10 §4.4.2 and §4.4.15: made under Unix, the upper half of the external attributes is the mode. */
const MADE_BY_UNIX = 3;
const TYPE_MASK = 0o170000;
const SYMBOLIC_LINK = 0o120000;
const REGULAR = 0o100000;

/**
 * The files of a ZIP archive, one after the other; an entry that is not to be trusted is refused and the others go on. Nothing is
 * unpacked but what is read, and what is read is counted.
 * @throws Fault input.invalid for what is no archive or is damaged, input.too-large for too many entries or too much in them
 */
export async function* archiveFiles(
  source: Ranges,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): AsyncGenerator<FileToImport | UploadedFile, void, undefined> {
  const zip = await openZip(source);
  const inflation = new Inflation(limits, source.bytes);
  try {
    if (zip.entryCount > limits.entries)
      throw new Fault("input.too-large", `The archive names more than ${limits.entries} files; divide it.`);
    for await (const entry of entriesOf(zip)) {
      if (inflation.exhausted)
        throw new Fault("input.too-large", "The archive unpacks to far more than it holds; the rest was left out.");
      const name = nameOf(entry);
      if (name.endsWith("/")) continue;
      const fault = refusalOf(name, entry);
      if (fault) yield refused(name, fault);
      else yield { name, among: true, open: () => contentOf(zip, entry, inflation) };
    }
  } finally {
    zip.close();
  }
}

async function openZip(source: Ranges): Promise<yauzl.ZipFile> {
  try {
    const zip = await yauzl.fromRandomAccessReaderPromise(new RangeReader(source), source.bytes, {
      autoClose: false,
      decodeStrings: false,
      validateEntrySizes: false,
    });
    zip.on("error", () => undefined); // also told to whoever iterates
    return zip;
  } catch (cause) {
    await source.close?.();
    throw damaged(cause);
  }
}

async function* entriesOf(zip: yauzl.ZipFile): AsyncGenerator<yauzl.Entry, void, undefined> {
  try {
    for await (const entry of zip.eachEntry()) yield entry;
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  return new Fault("input.invalid", "The archive is damaged or is none; make it anew.", { place: "archive", cause });
}

function nameOf(entry: yauzl.Entry): string {
  return yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
}

/** Names never become paths here; one that tries to be another's path is still no name of an image. */
function refusalOf(name: string, entry: yauzl.Entry): Fault | undefined {
  const invalid = (message: string): Fault => new Fault("input.invalid", message, { place: "archive entry" });
  if (
    name.length > LONGEST_NAME ||
    /[\0\\]/.test(name) ||
    /^(\/|[A-Za-z]:)/.test(name) ||
    name.split("/").includes("..")
  )
    return invalid("The file's name in the archive leads out of it.");
  const type = entry.versionMadeBy >>> 8 === MADE_BY_UNIX ? (entry.externalFileAttributes >>> 16) & TYPE_MASK : 0;
  if (type === SYMBOLIC_LINK) return invalid("A link in the archive is not followed.");
  if (type !== 0 && type !== REGULAR) return invalid("What the archive names here is no file.");
  if (entry.isEncrypted()) return invalid("The file is locked with a password; unpack the archive and send its files.");
  if (!entry.canDecodeFileData()) return invalid("The file is packed in a way that is not understood here.");
  return undefined;
}

/** The bytes of an entry, counted and proven by its checksum: a damaged one ends in a Fault before anything was kept. */
async function* contentOf(
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  inflation: Inflation,
): AsyncGenerator<Buffer, void, undefined> {
  const account = { produced: 0, consumed: 0 };
  let checksum = 0;
  try {
    const packed = await zip.openReadStreamPromise(entry, { decodeFileData: false });
    const inflate = entry.isCompressed() ? createInflateRaw() : null;
    for await (const piece of inflate ? pipeline(packed, inflate, () => undefined) : packed) {
      account.produced += piece.length;
      account.consumed = inflate?.bytesWritten ?? account.produced;
      inflation.spend(piece.length, account);
      checksum = crc32(piece, checksum);
      yield piece;
    }
  } catch (cause) {
    throw cause instanceof Fault ? cause : brokenEntry(cause);
  }
  if (checksum !== entry.crc32 || account.produced !== entry.uncompressedSize) throw brokenEntry(undefined);
}

function brokenEntry(cause: unknown): Fault {
  return new Fault("dicom.malformed", "The file is damaged within the archive: its checksum does not hold.", {
    place: "archive entry",
    ...(cause === undefined ? {} : { cause }),
  });
}

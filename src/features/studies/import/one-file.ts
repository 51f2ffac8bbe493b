import type { UploadedFile } from "#contract/studies.ts";
import type { Actor } from "#features/audit/actor.ts";
import { receiveInstance } from "#features/studies/actions.ts";
import { peek } from "#features/studies/import/peek.ts";
import { isSenderRefused, type Judge, judgedLast } from "#features/studies/sender.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import { type Fault, faultOf } from "#kit/fault.ts";
import { isCompanion, KIND_BYTES, mediaKind } from "#standards/media/kind.ts";

/** One file that may be an instance. `name` goes back to whoever sent it and nowhere else. */
export type FileToImport = {
  name: string;
  /** Opened only when it is its turn. Throws a Fault when it cannot be read. */
  open: () => AsyncIterable<Uint8Array>;
  /** It was found beside others, in a folder or an archive: what is no DICOM is left out instead of refused. */
  among: boolean;
};

export type ImportNeeds = {
  world: StudiesWorld;
  who: Actor;
  /** Where instances say they came from: "web" or "import". */
  source: string;
  /** Judges after the last byte of each file whether the sender may still store. */
  judge?: Judge;
  /** Hears of what should not happen. */
  log?: (fault: Fault) => void;
};

const ignored = (name: string, code: string, message: string): UploadedFile => ({
  name,
  outcome: "ignored",
  code,
  message,
});

export function refused(name: string, fault: Fault): UploadedFile {
  return { name, outcome: "refused", code: fault.code, message: fault.message };
}

/**
 * Takes one file in and says what became of it; another file's failure is not this one's. What may pass by itself (a full or
 * silent store, a database that does not answer, a sender who left) is thrown, so that the whole is tried again; and what ends
 * the whole: that the sender may not store any more.
 * @throws Fault storage.full, storage.unavailable, database.unavailable, request.cancelled, sign-in.required, role.denied
 */
export async function importFile(needs: ImportNeeds, { name, open, among }: FileToImport): Promise<UploadedFile> {
  if (among && isCompanion(name)) return ignored(name, "ignored.companion", "It is a file beside the images.");
  try {
    const { head, bytes, close } = await peek(open(), KIND_BYTES);
    const kind = mediaKind(head);
    if (kind === "directory" || kind === "zip") {
      await close();
      return kind === "directory"
        ? ignored(name, "ignored.directory", "A DICOMDIR lists files and is none of them.")
        : ignored(name, "ignored.archive", "An archive within an archive is not opened; send it by itself.");
    }
    const received = await receiveInstance(needs.world, needs.who, {
      bytes: needs.judge ? judgedLast(bytes, needs.judge) : bytes,
      ...{ bare: null, source: needs.source },
    });
    return { name, outcome: received.is, studyId: received.study };
  } catch (thrown) {
    return outcomeOf(needs, name, among, faultOf(thrown));
  }
}

function outcomeOf(needs: ImportNeeds, name: string, among: boolean, fault: Fault): UploadedFile {
  if (fault.row.retry === "later" || fault.code === "request.cancelled" || isSenderRefused(fault)) throw fault;
  if (fault.row.http >= 500) needs.log?.(fault);
  if (among && fault.code === "dicom.not-dicom" && !/\.(dcm|dicom)$/i.test(name))
    return ignored(name, "ignored.not-dicom", fault.message);
  return refused(name, fault);
}

/** Several at once share the cost of becoming durable. */
const AT_ONCE = 6;

type Settled = { task: Promise<Settled>; file: UploadedFile } | { task: Promise<Settled>; thrown: unknown };

/**
 * Imports files as they are found, a few at once; outcomes come as they are known. A file is opened before the next one is asked for.
 * Throws what `importFile` or the finding of files threw, after the outcome of everything that had begun was told.
 */
export async function* importFiles(
  needs: ImportNeeds,
  files: AsyncIterable<FileToImport | UploadedFile>,
): AsyncGenerator<UploadedFile, void, undefined> {
  const running = new Set<Promise<Settled>>();
  const failures: unknown[] = [];
  const settle = async (): Promise<UploadedFile[]> => {
    const settled = await Promise.race(running);
    running.delete(settled.task);
    if ("file" in settled) return [settled.file];
    failures.push(settled.thrown);
    return [];
  };
  try {
    for await (const file of files) {
      if (!("open" in file)) yield file;
      else {
        while (running.size >= AT_ONCE) yield* await settle();
        if (failures.length > 0) break;
        running.add(begin(needs, file));
      }
    }
  } catch (thrown) {
    failures.push(thrown);
  }
  while (running.size > 0) yield* await settle();
  if (failures.length > 0) throw failures[0];
}

function begin(needs: ImportNeeds, file: FileToImport): Promise<Settled> {
  const task: Promise<Settled> = importFile(needs, file).then(
    (outcome): Settled => ({ task, file: outcome }),
    (thrown: unknown): Settled => ({ task, thrown }),
  );
  return task;
}

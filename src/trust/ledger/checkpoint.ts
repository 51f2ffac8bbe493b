import { createHash, type KeyObject, sign, verify } from "node:crypto";
import { Fault } from "#kit/fault.ts";
import { HASH_BYTES } from "./merkle.ts";
import { keyIdOf, originOf, publicKeyBytes } from "./signing.ts";

/**
 * What an organisation says about its ledger at one moment. As text it is a C2SP tlog-checkpoint, so that other
 * people's witnesses can read it:
 *
 *     safelight/<organisation>
 *     <number of entries>
 *     <base64 of the root>
 *     previous <base64 of SHA-256 of the previous checkpoint's text, or - for the first>
 *     time <ISO 8601, UTC>
 *
 *     — safelight/<organisation> <base64 of key id (4 bytes) and Ed25519 signature (64 bytes)>
 *
 * Signed is the text up to and including the line feed before the empty line. Witnesses may add signature lines.
 */
export type Checkpoint = {
  organisation: string;
  size: number;
  /** 32 bytes. */
  root: Uint8Array;
  /** 32 bytes: `checkpointHash` of the one before; undefined for the first. */
  previous: Uint8Array | undefined;
  at: Date;
};

/** A signature that does not hold is an answer, not an accident. */
export type CheckpointVerdict = { holds: true; checkpoint: Checkpoint } | { holds: false; because: string };

/** Longer notes are refused unread. */
const MAX_NOTE = 16_384;

/** The signed text of a checkpoint. Throws `input.invalid` for a size, root or time that is none. */
export function signCheckpoint(checkpoint: Checkpoint, signingKey: KeyObject): string {
  const text = textOf(checkpoint);
  const origin = originOf(checkpoint.organisation);
  const signature = sign(null, Buffer.from(text), signingKey);
  const line = Buffer.concat([keyIdOf(origin, publicKeyBytes(signingKey)), signature]).toString("base64");
  return `${text}\n— ${origin} ${line}\n`;
}

/** What a checkpoint's successor calls `previous`: SHA-256 of the signed text, whatever signatures follow it. Throws `input.invalid`. */
export function checkpointHash(note: string): Buffer {
  return createHash("sha256").update(partsOf(note).text).digest();
}

/** What a note says, without asking who signed it. Throws `input.invalid`. */
export function readCheckpoint(note: string): Checkpoint {
  const { text } = partsOf(note);
  const form =
    /^safelight\/([A-Za-z0-9._-]{1,64})\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\nprevious (-|[A-Za-z0-9+/]{43}=)\ntime (\S{24})\n$/;
  const [, organisation, size, root, previous, time] = form.exec(text) ?? [];
  if (organisation === undefined || root === undefined) throw new Fault("input.invalid", "this is not a checkpoint");
  const checkpoint: Checkpoint = {
    organisation,
    size: Number(size),
    root: Buffer.from(root, "base64"),
    previous: previous === undefined || previous === "-" ? undefined : Buffer.from(previous, "base64"),
    at: new Date(time ?? ""),
  };
  if (textOf(checkpoint) !== text) throw new Fault("input.invalid", "this checkpoint is not written in its one form");
  return checkpoint;
}

/** Whether that key's owner said this. `organisation` is whose ledger it should be about, if the caller knows. Never throws for a bad note. */
export function verifyCheckpoint(note: string, publicKey: KeyObject, organisation?: string): CheckpointVerdict {
  try {
    const checkpoint = readCheckpoint(note);
    if (organisation !== undefined && checkpoint.organisation !== organisation) {
      return { holds: false, because: "the checkpoint is about another organisation" };
    }
    const { text, signatures } = partsOf(note);
    const origin = originOf(checkpoint.organisation);
    const keyId = keyIdOf(origin, publicKeyBytes(publicKey));
    const ours = signatures.filter((line) => line.name === origin && line.bytes.subarray(0, 4).equals(keyId));
    if (ours.length === 0) return { holds: false, because: "the checkpoint is not signed with this key" };
    const holds = ours.some((line) => verify(null, Buffer.from(text), publicKey, line.bytes.subarray(4)));
    return holds ? { holds, checkpoint } : { holds, because: "the checkpoint's signature does not hold" };
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === "input.invalid") return { holds: false, because: thrown.message };
    throw thrown;
  }
}

function textOf({ organisation, size, root, previous, at }: Checkpoint): string {
  const isTime = Number.isFinite(at.getTime());
  if (!Number.isSafeInteger(size) || size < 0 || root.length !== HASH_BYTES || !isTime) {
    throw new Fault("input.invalid", "a checkpoint needs a size, a root of 32 bytes and a time");
  }
  const before = previous === undefined ? "-" : Buffer.from(previous).toString("base64");
  const base64 = Buffer.from(root).toString("base64");
  return `${originOf(organisation)}\n${size}\n${base64}\nprevious ${before}\ntime ${at.toISOString()}\n`;
}

type Signature = { name: string; bytes: Buffer };

/** C2SP signed-note: the text ends where the last empty line begins; each line after it is a signature. */
function partsOf(note: string): { text: string; signatures: Signature[] } {
  const at = note.lastIndexOf("\n\n");
  if (note.length > MAX_NOTE || at < 0 || !note.endsWith("\n"))
    throw new Fault("input.invalid", "this is not a signed note");
  const lines = note.slice(at + 2, -1).split("\n");
  const signatures = lines.map((line) => {
    const [, name, base64] = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
    const bytes = Buffer.from(base64 ?? "", "base64");
    if (name === undefined || bytes.toString("base64") !== base64) {
      throw new Fault("input.invalid", "a signature line of this note is malformed");
    }
    return { name, bytes };
  });
  return { text: note.slice(0, at + 1), signatures };
}

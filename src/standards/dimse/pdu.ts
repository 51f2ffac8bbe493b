import { ByteReader, ByteWriter } from "#kit/bytes.ts";
import { Fault, never } from "#kit/fault.ts";
import {
  itemLength,
  readUserInformation,
  type UserInformation,
  writeUserInformation,
} from "#standards/dimse/user-information.ts";

/** PS3.8 §9.3.1: a PDU opens with type (1), reserved (1) and length (4, big-endian, of what follows). */
export const PDU_HEADER_BYTES = 6;

/** PS3.7 annex A.2.1: the only application context there is. */
export const DICOM_APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1";

/** PS3.8 §9.3.2.2: ids are odd and one byte, so there are never more than 128. */
export type ProposedContext = { id: number; abstractSyntax: string; transferSyntaxes: readonly string[] };

/** PS3.8 table 9-18: 0 acceptance, 1 user-rejection, 2 no-reason, 3 abstract-syntax-not-supported, 4 transfer-syntaxes-not-supported. */
export type AnsweredContext = { id: number; result: number; transferSyntax: string };

export type AssociateRq = {
  type: "A-ASSOCIATE-RQ";
  protocolVersion: number;
  calledAe: string;
  callingAe: string;
  applicationContext: string;
  contexts: readonly ProposedContext[];
  user: UserInformation;
};
export type AssociateAc = {
  type: "A-ASSOCIATE-AC";
  protocolVersion: number;
  calledAe: string;
  callingAe: string;
  applicationContext: string;
  contexts: readonly AnsweredContext[];
  user: UserInformation;
};
/** PS3.8 table 9-21: who rejected (source) and why (reason); `result` is 1 for permanent, 2 for transient. */
export type AssociateRj = { type: "A-ASSOCIATE-RJ"; result: number; source: number; reason: number };
/** PS3.8 table 9-26: source 0 is the service user, 2 the service provider; the reason counts only for the latter. */
export type Abort = { type: "A-ABORT"; source: number; reason: number };

export type FragmentKind = "command" | "data-set";
export type PresentationDataValue = { context: number; kind: FragmentKind; last: boolean; bytes: Uint8Array };

export type Pdu =
  | AssociateRq
  | AssociateAc
  | AssociateRj
  | { type: "P-DATA-TF"; values: readonly PresentationDataValue[] }
  | { type: "A-RELEASE-RQ" }
  | { type: "A-RELEASE-RP" }
  | Abort;

/** PS3.8 §9.3.2 to §9.3.8. */
export const PDU_TYPES = {
  "A-ASSOCIATE-RQ": 0x01,
  "A-ASSOCIATE-AC": 0x02,
  "A-ASSOCIATE-RJ": 0x03,
  "P-DATA-TF": 0x04,
  "A-RELEASE-RQ": 0x05,
  "A-RELEASE-RP": 0x06,
  "A-ABORT": 0x07,
} as const satisfies Record<Pdu["type"], number>;

const TYPE_NAMES: ReadonlyMap<number, Pdu["type"]> = new Map(
  (Object.keys(PDU_TYPES) as Pdu["type"][]).map((name) => [PDU_TYPES[name], name]),
);

/** The PDU's name, or undefined for a type that PS3.8 does not know. */
export function pduTypeOf(code: number): Pdu["type"] | undefined {
  return TYPE_NAMES.get(code);
}

/** Reads exactly one PDU, header included. Unknown items are skipped as PS3.8 §9.3.1 asks. Fault `dimse.malformed`. */
export function readPdu(bytes: Uint8Array): Pdu {
  const pdu = new ByteReader(bytes, "dimse.malformed");
  const code = pdu.u8();
  const type = TYPE_NAMES.get(code);
  if (type === undefined) throw new Fault("dimse.malformed", `there is no PDU of type ${code}`);
  pdu.skip(1);
  const body = pdu.slice(pdu.u32());
  pdu.end();
  return readPduBody(type, body);
}

/** Reads what follows a PDU's header; the reader must hold the body and nothing else. Fault `dimse.malformed`. PS3.8 §9.3. */
export function readPduBody(type: Pdu["type"], body: ByteReader): Pdu {
  switch (type) {
    case "A-ASSOCIATE-RQ":
      return readAssociate(body, type, readProposed);
    case "A-ASSOCIATE-AC":
      return readAssociate(body, type, readAnswered);
    case "A-ASSOCIATE-RJ": {
      body.skip(1);
      const [result, source, reason] = [body.u8(), body.u8(), body.u8()];
      body.end();
      return { type, result, source, reason };
    }
    case "P-DATA-TF":
      return { type, values: readValues(body) };
    case "A-ABORT": {
      body.skip(2);
      const [source, reason] = [body.u8(), body.u8()];
      body.end();
      return { type, source, reason };
    }
    case "A-RELEASE-RQ":
    case "A-RELEASE-RP":
      body.skip(4);
      body.end();
      return { type };
    default:
      return never(type);
  }
}

/** PS3.8 tables 9-11 and 9-17, which differ only in their presentation contexts. */
function readAssociate<T extends string, C extends { id: number }>(
  body: ByteReader,
  type: T,
  readContext: (type: number, item: ByteReader) => C | undefined,
) {
  const protocolVersion = body.u16();
  body.skip(2);
  const calledAe = readAe(body);
  const callingAe = readAe(body);
  body.skip(32);
  let applicationContext = "";
  let user: UserInformation = {};
  const contexts: C[] = [];
  const ids = new Set<number>();
  while (body.left > 0) {
    const [itemType, item] = readItem(body);
    if (itemType === 0x10) applicationContext = readUid(item);
    else if (itemType === 0x50) user = readUserInformation(item);
    else {
      const context = readContext(itemType, item);
      if (context === undefined) continue;
      if (context.id % 2 === 0 || ids.has(context.id)) {
        throw new Fault("dimse.malformed", `presentation context id ${context.id} is even or used twice`);
      }
      ids.add(context.id);
      contexts.push(context);
    }
  }
  return { type, protocolVersion, calledAe, callingAe, applicationContext, contexts, user };
}

/** PS3.8 §9.3.2.2. */
function readProposed(type: number, item: ByteReader): ProposedContext | undefined {
  if (type !== 0x20) return undefined;
  const id = item.u8();
  item.skip(3);
  let abstractSyntax = "";
  const transferSyntaxes: string[] = [];
  while (item.left > 0) {
    const [subType, sub] = readItem(item);
    if (subType === 0x30) abstractSyntax = readUid(sub);
    if (subType === 0x40) transferSyntaxes.push(readUid(sub));
  }
  return { id, abstractSyntax, transferSyntaxes };
}

/** PS3.8 §9.3.3.2: the transfer syntax counts only when the result is acceptance, and some peers then leave it out. */
function readAnswered(type: number, item: ByteReader): AnsweredContext | undefined {
  if (type !== 0x21) return undefined;
  const id = item.u8();
  item.skip(1);
  const result = item.u8();
  item.skip(1);
  let transferSyntax = "";
  while (item.left > 0) {
    const [subType, sub] = readItem(item);
    if (subType === 0x40) transferSyntax = readUid(sub);
  }
  return { id, result, transferSyntax };
}

/** PS3.8 §9.3.5.1: length, context id, message control header (bit 0: command, bit 1: last), bytes. */
function readValues(body: ByteReader): PresentationDataValue[] {
  const values: PresentationDataValue[] = [];
  while (body.left > 0) {
    const item = body.slice(body.u32());
    const context = item.u8();
    const control = item.u8();
    const kind = control & 1 ? "command" : "data-set";
    values.push({ context, kind, last: (control & 2) !== 0, bytes: item.bytes(item.left) });
  }
  if (values.length === 0) throw new Fault("dimse.malformed", "a P-DATA-TF PDU holds no presentation data value");
  return values;
}

/** The next item or sub-item: its type, and a reader that cannot see past it. PS3.8 §9.3.1. */
function readItem(reader: ByteReader): [number, ByteReader] {
  const type = reader.u8();
  reader.skip(1);
  return [type, reader.slice(reader.u16())];
}

/** UIDs in PDUs are not padded (PS3.8 annex F); peers that pad with NUL or space are understood. */
function readUid(item: ByteReader): string {
  return item.latin1(item.left).replace(/[\0 ]+$/, "");
}

function readAe(body: ByteReader): string {
  return body.latin1(16).replace(/^ +|[\0 ]+$/g, "");
}

/** Writes one PDU, header included. Reserved bytes are zero. Fault `input.too-large` for an item beyond 64 KiB. PS3.8 §9.3. */
export function writePdu(pdu: Pdu): Uint8Array {
  const out = new ByteWriter(pdu.type === "P-DATA-TF" ? valuesLength(pdu.values) + PDU_HEADER_BYTES : 512);
  out.u8(PDU_TYPES[pdu.type]).u8(0).u32(0);
  writeBody(out, pdu);
  return out.patchU32(2, out.length - PDU_HEADER_BYTES).take();
}

const valuesLength = (values: readonly PresentationDataValue[]): number =>
  values.reduce((sum, value) => sum + 6 + value.bytes.length, 0);

function writeBody(out: ByteWriter, pdu: Pdu): void {
  switch (pdu.type) {
    case "A-ASSOCIATE-RQ":
      writeAssociate(out, pdu, () => {
        for (const context of pdu.contexts) writeProposed(out, context);
      });
      return;
    case "A-ASSOCIATE-AC":
      writeAssociate(out, pdu, () => {
        for (const context of pdu.contexts) writeAnswered(out, context);
      });
      return;
    case "A-ASSOCIATE-RJ":
      out.u8(0).u8(pdu.result).u8(pdu.source).u8(pdu.reason);
      return;
    case "P-DATA-TF":
      for (const value of pdu.values) {
        out.u32(value.bytes.length + 2).u8(value.context);
        out.u8((value.kind === "command" ? 1 : 0) | (value.last ? 2 : 0)).bytes(value.bytes);
      }
      return;
    case "A-ABORT":
      out.u16(0).u8(pdu.source).u8(pdu.reason);
      return;
    case "A-RELEASE-RQ":
    case "A-RELEASE-RP":
      out.u32(0);
      return;
    default:
      never(pdu);
  }
}

function writeAssociate(out: ByteWriter, pdu: AssociateRq | AssociateAc, writeContexts: () => void): void {
  out.u16(pdu.protocolVersion).u16(0);
  out.latin1(pdu.calledAe.padEnd(16).slice(0, 16)).latin1(pdu.callingAe.padEnd(16).slice(0, 16));
  out.bytes(new Uint8Array(32));
  writeUid(out, 0x10, pdu.applicationContext);
  writeContexts();
  const user = writeUserInformation(pdu.user);
  out.u8(0x50).u8(0).u16(itemLength(user.length)).bytes(user);
}

function writeProposed(out: ByteWriter, context: ProposedContext): void {
  const syntaxes = context.transferSyntaxes.reduce((sum, uid) => sum + 4 + uid.length, 0);
  out.u8(0x20).u8(0);
  out.u16(itemLength(4 + 4 + context.abstractSyntax.length + syntaxes));
  out.u8(context.id).u8(0).u16(0);
  writeUid(out, 0x30, context.abstractSyntax);
  for (const uid of context.transferSyntaxes) writeUid(out, 0x40, uid);
}

function writeAnswered(out: ByteWriter, context: AnsweredContext): void {
  out.u8(0x21).u8(0);
  out.u16(4 + 4 + context.transferSyntax.length);
  out.u8(context.id).u8(0).u8(context.result).u8(0);
  writeUid(out, 0x40, context.transferSyntax);
}

function writeUid(out: ByteWriter, type: number, uid: string): void {
  out.u8(type).u8(0).u16(uid.length).latin1(uid);
}

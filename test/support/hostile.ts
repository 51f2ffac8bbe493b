import { deflateRawSync } from "node:zlib";
import { ByteWriter } from "#kit/bytes.ts";
import { concat } from "#standards/dicom/concat.ts";
import { fileMetaBytes } from "#standards/dicom/write.ts";
import { CT } from "./dicom-wire.ts";

export const EXPLICIT = "1.2.840.10008.1.2.1";
export const DEFLATED = "1.2.840.10008.1.2.1.99";

/** An element's header in explicit VR little endian, whatever length it claims. PS3.5 §7.1.2. */
export function header(tag: number, vr: string, length: number): Uint8Array {
  const out = new ByteWriter(12)
    .u16le(tag >>> 16)
    .u16le(tag & 0xffff)
    .latin1(vr);
  const long = ["OB", "OW", "SQ", "UN", "UT"].includes(vr);
  return (long ? out.u16le(0).u32le(length) : out.u16le(length)).take();
}

export function item(tag: number, length: number): Uint8Array {
  return new ByteWriter(8)
    .u16le(tag >>> 16)
    .u16le(tag & 0xffff)
    .u32le(length)
    .take();
}

export function element(tag: number, vr: string, text: string): Uint8Array {
  const padded = new TextEncoder().encode(text.length % 2 === 0 ? text : `${text}${vr === "UI" ? "\0" : " "}`);
  return concat([header(tag, vr, padded.length), padded]);
}

/** A data set's beginning that can be filed, up to the UIDs of study and series. */
export const start = (
  sopInstance: string,
  { patientName = "Hostile^File", study = "2.25.4711" }: { patientName?: string; study?: string } = {},
): Uint8Array =>
  concat([
    element(0x00080016, "UI", CT),
    element(0x00080018, "UI", sopInstance),
    element(0x00080060, "CS", "CT"),
    element(0x00100010, "PN", patientName),
    element(0x00100020, "LO", "HOSTILE-1"),
    element(0x0020000d, "UI", study),
    element(0x0020000e, "UI", `${study}.1`),
  ]);

export type Hostile = { name: string; sopInstance: string; transferSyntax: string; dataSet: Uint8Array };

export const part10Of = ({ sopInstance, transferSyntax, dataSet }: Hostile): Uint8Array =>
  concat([fileMetaBytes({ sopClassUid: CT, sopInstanceUid: sopInstance, transferSyntaxUid: transferSyntax }), dataSet]);

const MIB = 1024 * 1024;

/** What lies about its size or its depth. Each is refused: nothing of it could be filed honestly. */
export function liars(): Hostile[] {
  const opening = concat([header(0x00400275, "SQ", 0xffffffff), item(0xfffee000, 0xffffffff)]);
  const many = (count: number, bytes: Uint8Array): Uint8Array => concat(Array.from({ length: count }, () => bytes));
  const lies: [string, Uint8Array][] = [
    ["a private value of 4 GB, 100 bytes sent", concat([header(0x00211001, "UN", 0xfffffffe), new Uint8Array(100)])],
    ["a text of 4 GB, 100 bytes sent", concat([header(0x00404000, "UT", 0xfffffffe), new Uint8Array(100)])],
    ["a sequence of 4 GB, one empty item sent", concat([header(0x00400275, "SQ", 0xfffffffe), item(0xfffee000, 0)])],
    ["pixel data of 4 GB, 1 MiB sent", concat([header(0x7fe00010, "OW", 0xfffffffe), new Uint8Array(MIB)])],
    ["a fragment of 4 GB", concat([header(0x7fe00010, "OB", 0xffffffff), item(0xfffee000, 0xfffffffe)])],
    ["100,000 sequences inside each other", many(100_000, opening)],
    ["pixel data without an end", concat([header(0x7fe00010, "OB", 0xffffffff), item(0xfffee000, 0)])],
  ];
  const hostile = lies.map(([name, bytes], at): Hostile => {
    const sopInstance = `2.25.99${at}`;
    return { name, sopInstance, transferSyntax: EXPLICIT, dataSet: concat([start(sopInstance), bytes]) };
  });
  const sopInstance = "2.25.9999";
  const zeros = concat([start(sopInstance), header(0x7fe00010, "OW", 300 * MIB), new Uint8Array(300 * MIB)]);
  const bomb = { name: "300 MiB of zeros, deflated to 300 kB", sopInstance, transferSyntax: DEFLATED };
  return [...hostile, { ...bomb, dataSet: deflateRawSync(zeros, { level: 9 }) }];
}

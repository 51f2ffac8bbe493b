import { Fault } from "#kit/fault.ts";

export type Uid = string & { readonly __brand: "Uid" };

/** PS3.5 §9.1: at most 64 characters, numeric components without leading zeros. Throws `dicom.uid`. */
export function parseUid(text: string): Uid {
  if (text.length > 64 || !/^(0|[1-9]\d*)(\.(0|[1-9]\d*))*$/.test(text)) {
    throw new Fault("dicom.uid", "this is not a UID as PS3.5 §9.1 describes it");
  }
  return text as Uid;
}

/**
 * A UID as devices send it: trailing NULs and spaces are not part of it, leading zeros in components are taken as they are.
 * Undefined when it is anything else (so that it can never be a path, a script or a name).
 */
export function acceptUid(text: string): Uid | undefined {
  const bare = text.replace(/[\0 ]+$/, "");
  return bare.length <= 64 && /^\d+(\.\d+)*$/.test(bare) ? (bare as Uid) : undefined;
}

/** PS3.5 annex B.2: a UID from 128 random bits (16 bytes), "2.25." and their decimal form. */
export function uidFromBits(bits: Uint8Array): Uid {
  let number = 0n;
  for (const byte of bits.subarray(0, 16)) number = (number << 8n) | BigInt(byte);
  return `2.25.${number}` as Uid;
}

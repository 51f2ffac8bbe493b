import { type ByteReader, ByteWriter } from "#kit/bytes.ts";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";

/** PS3.7 annex D.3.3 and PS3.8 annex D.1: the sub-items of the User Information item, each present at most once unless it is a list. */
export type UserInformation = {
  /** Bytes of a P-DATA-TF PDU after its header that the sender of this item wants at most; 0 is no limit. */
  maxPduLength?: number;
  implementationClassUid?: string;
  implementationVersion?: string;
  /** PS3.7 §D.3.3.3: outstanding operations; 0 is no limit. */
  asynchronousOperations?: { invoked: number; performed: number };
  roles?: readonly RoleSelection[];
  extended?: readonly ExtendedNegotiation[];
  commonExtended?: readonly CommonExtendedNegotiation[];
  userIdentity?: UserIdentity;
  /** PS3.7 §D.3.3.7.2: the acceptor's answer, empty where the identity type has none. */
  userIdentityResponse?: Uint8Array;
};

/** PS3.7 §D.3.3.4: the roles of the association's requestor, proposed and then granted. */
export type RoleSelection = { sopClassUid: string; scu: boolean; scp: boolean };
/** PS3.7 §D.3.3.5: the bytes mean what the SOP class's service says. */
export type ExtendedNegotiation = { sopClassUid: string; information: Uint8Array };
/** PS3.7 §D.3.3.6. */
export type CommonExtendedNegotiation = {
  sopClassUid: string;
  serviceClassUid: string;
  relatedGeneralSopClassUids: readonly string[];
};
/** PS3.7 §D.3.3.7.1: type 1 user name, 2 user name and passcode, 3 Kerberos ticket, 4 SAML assertion, 5 JSON web token. */
export type UserIdentity = {
  type: number;
  positiveResponseRequested: boolean;
  primary: Hidden<Uint8Array>;
  secondary: Hidden<Uint8Array>;
};

/** Reads the User Information item's sub-items; unknown ones are skipped, as the standard asks. Fault `dimse.malformed`. */
export function readUserInformation(item: ByteReader): UserInformation {
  const user: UserInformation = {};
  const roles: RoleSelection[] = [];
  const extended: ExtendedNegotiation[] = [];
  const commonExtended: CommonExtendedNegotiation[] = [];
  while (item.left > 0) {
    const type = item.u8();
    item.skip(1);
    const sub = item.slice(item.u16());
    if (type === 0x54) roles.push(readRole(sub));
    else if (type === 0x56) extended.push(readExtended(sub));
    else if (type === 0x57) commonExtended.push(readCommonExtended(sub));
    else Object.assign(user, readSingle(type, sub));
  }
  if (roles.length > 0) user.roles = roles;
  if (extended.length > 0) user.extended = extended;
  if (commonExtended.length > 0) user.commonExtended = commonExtended;
  return user;
}

function readSingle(type: number, sub: ByteReader): UserInformation {
  switch (type) {
    case 0x51:
      return { maxPduLength: sub.u32() };
    case 0x52:
      return { implementationClassUid: readText(sub, sub.left) };
    case 0x53:
      return { asynchronousOperations: { invoked: sub.u16(), performed: sub.u16() } };
    case 0x55:
      return { implementationVersion: readText(sub, sub.left) };
    case 0x58:
      return {
        userIdentity: {
          type: sub.u8(),
          positiveResponseRequested: sub.u8() === 1,
          primary: new Hidden(sub.bytes(sub.u16())),
          secondary: new Hidden(sub.bytes(sub.u16())),
        },
      };
    case 0x59:
      return { userIdentityResponse: sub.bytes(sub.u16()) };
    default:
      return {};
  }
}

function readRole(sub: ByteReader): RoleSelection {
  const sopClassUid = readText(sub, sub.u16());
  return { sopClassUid, scu: sub.u8() === 1, scp: sub.u8() === 1 };
}

function readExtended(sub: ByteReader): ExtendedNegotiation {
  const sopClassUid = readText(sub, sub.u16());
  return { sopClassUid, information: sub.bytes(sub.left) };
}

function readCommonExtended(sub: ByteReader): CommonExtendedNegotiation {
  const sopClassUid = readText(sub, sub.u16());
  const serviceClassUid = readText(sub, sub.u16());
  const related = sub.slice(sub.u16());
  const relatedGeneralSopClassUids: string[] = [];
  while (related.left > 0) relatedGeneralSopClassUids.push(readText(related, related.u16()));
  return { sopClassUid, serviceClassUid, relatedGeneralSopClassUids };
}

function readText(sub: ByteReader, length: number): string {
  return sub.latin1(length).replace(/[\0 ]+$/, "");
}

/** PS3.8 §9.3.1: an item's length is 16 bits. Fault `input.too-large`. */
export function itemLength(length: number): number {
  if (length > 0xffff) throw new Fault("input.too-large", `an item of ${length} bytes does not fit a PDU`);
  return length;
}

/** Writes the sub-items in the order of their types, without the item's own header. Fault `input.too-large`. */
export function writeUserInformation(user: UserInformation): Uint8Array {
  const out = new ByteWriter(256);
  const item = (type: number, write: (sub: ByteWriter) => void): void => {
    const sub = new ByteWriter(64);
    write(sub);
    out.u8(type).u8(0).u16(itemLength(sub.length)).bytes(sub.take());
  };
  const { maxPduLength, implementationClassUid, implementationVersion, asynchronousOperations: operations } = user;
  if (maxPduLength !== undefined) item(0x51, (sub) => sub.u32(maxPduLength));
  if (implementationClassUid !== undefined) item(0x52, (sub) => sub.latin1(implementationClassUid));
  if (operations !== undefined) item(0x53, (sub) => sub.u16(operations.invoked).u16(operations.performed));
  for (const role of user.roles ?? []) {
    item(0x54, (sub) => writeText(sub, role.sopClassUid).u8(Number(role.scu)).u8(Number(role.scp)));
  }
  if (implementationVersion !== undefined) item(0x55, (sub) => sub.latin1(implementationVersion));
  for (const { sopClassUid, information } of user.extended ?? []) {
    item(0x56, (sub) => writeText(sub, sopClassUid).bytes(information));
  }
  for (const common of user.commonExtended ?? []) item(0x57, (sub) => writeCommonExtended(sub, common));
  const { userIdentity, userIdentityResponse } = user;
  if (userIdentity !== undefined) item(0x58, (sub) => writeUserIdentity(sub, userIdentity));
  if (userIdentityResponse !== undefined) {
    item(0x59, (sub) => sub.u16(itemLength(userIdentityResponse.length)).bytes(userIdentityResponse));
  }
  return out.take();
}

function writeText(sub: ByteWriter, text: string): ByteWriter {
  return sub.u16(text.length).latin1(text);
}

function writeCommonExtended(sub: ByteWriter, common: CommonExtendedNegotiation): void {
  writeText(writeText(sub, common.sopClassUid), common.serviceClassUid);
  sub.u16(common.relatedGeneralSopClassUids.reduce((sum, uid) => sum + 2 + uid.length, 0));
  for (const uid of common.relatedGeneralSopClassUids) writeText(sub, uid);
}

function writeUserIdentity(sub: ByteWriter, identity: UserIdentity): void {
  const [primary, secondary] = [identity.primary.reveal(), identity.secondary.reveal()];
  sub.u8(identity.type).u8(Number(identity.positiveResponseRequested));
  sub.u16(itemLength(primary.length)).bytes(primary).u16(itemLength(secondary.length)).bytes(secondary);
}

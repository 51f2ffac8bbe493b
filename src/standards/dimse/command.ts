import { ByteReader, ByteWriter } from "#kit/bytes.ts";
import { Fault } from "#kit/fault.ts";

type ElementRow = { element: number; vr: "UI" | "US" | "AE" | "LO" | "AT" };

/** PS3.7 table E.1-1: the command elements that are in use, all of group 0000 (the group length and data set type are written by the codec). */
export const COMMAND_ELEMENTS = {
  affectedSopClassUid: { element: 0x0002, vr: "UI" },
  requestedSopClassUid: { element: 0x0003, vr: "UI" },
  messageId: { element: 0x0110, vr: "US" },
  respondsTo: { element: 0x0120, vr: "US" }, // Message ID Being Responded To
  moveDestination: { element: 0x0600, vr: "AE" },
  priority: { element: 0x0700, vr: "US" }, // 0 medium, 1 high, 2 low
  status: { element: 0x0900, vr: "US" },
  offendingElement: { element: 0x0901, vr: "AT" },
  errorComment: { element: 0x0902, vr: "LO" },
  errorId: { element: 0x0903, vr: "US" },
  affectedSopInstanceUid: { element: 0x1000, vr: "UI" },
  requestedSopInstanceUid: { element: 0x1001, vr: "UI" },
  eventTypeId: { element: 0x1002, vr: "US" },
  attributeIdentifierList: { element: 0x1005, vr: "AT" },
  actionTypeId: { element: 0x1008, vr: "US" },
  remaining: { element: 0x1020, vr: "US" }, // numbers of sub-operations
  completed: { element: 0x1021, vr: "US" },
  failed: { element: 0x1022, vr: "US" },
  warning: { element: 0x1023, vr: "US" },
  moveOriginatorAe: { element: 0x1030, vr: "AE" },
  moveOriginatorMessageId: { element: 0x1031, vr: "US" },
} as const satisfies Record<string, ElementRow>;

type Elements = typeof COMMAND_ELEMENTS;
export type ElementName = keyof Elements;
/** AT values are tags as 0xGGGGEEEE. */
type ValueOf<N extends ElementName> = Elements[N]["vr"] extends "US"
  ? number
  : Elements[N]["vr"] extends "AT"
    ? readonly number[]
    : string;

type CommandRow = { field: number; needs: readonly ElementName[]; may: readonly ElementName[] };

const OUTCOME = ["offendingElement", "errorComment", "errorId"] as const;
const COUNTS = ["remaining", "completed", "failed", "warning"] as const;

/** PS3.7 §9.3 and §10.3: every message's command field, what it needs, and what it may have. Peers leave out more than the book allows; `needs` is what nobody can do without. */
// biome-ignore format: a table
export const COMMANDS = {
  "C-STORE-RQ": { field: 0x0001, needs: ["messageId", "affectedSopClassUid", "affectedSopInstanceUid"], may: ["priority", "moveOriginatorAe", "moveOriginatorMessageId"] },
  "C-STORE-RSP": { field: 0x8001, needs: ["respondsTo", "status"], may: ["affectedSopClassUid", "affectedSopInstanceUid", ...OUTCOME] },
  "C-GET-RQ": { field: 0x0010, needs: ["messageId", "affectedSopClassUid"], may: ["priority"] },
  "C-GET-RSP": { field: 0x8010, needs: ["respondsTo", "status"], may: ["affectedSopClassUid", ...COUNTS, ...OUTCOME] },
  "C-FIND-RQ": { field: 0x0020, needs: ["messageId", "affectedSopClassUid"], may: ["priority"] },
  "C-FIND-RSP": { field: 0x8020, needs: ["respondsTo", "status"], may: ["affectedSopClassUid", ...OUTCOME] },
  "C-MOVE-RQ": { field: 0x0021, needs: ["messageId", "affectedSopClassUid", "moveDestination"], may: ["priority"] },
  "C-MOVE-RSP": { field: 0x8021, needs: ["respondsTo", "status"], may: ["affectedSopClassUid", ...COUNTS, ...OUTCOME] },
  "C-ECHO-RQ": { field: 0x0030, needs: ["messageId"], may: ["affectedSopClassUid"] },
  "C-ECHO-RSP": { field: 0x8030, needs: ["respondsTo", "status"], may: ["affectedSopClassUid", ...OUTCOME] },
  "C-CANCEL-RQ": { field: 0x0fff, needs: ["respondsTo"], may: [] },
  "N-EVENT-REPORT-RQ": { field: 0x0100, needs: ["messageId", "affectedSopClassUid", "affectedSopInstanceUid", "eventTypeId"], may: [] },
  "N-EVENT-REPORT-RSP": { field: 0x8100, needs: ["respondsTo", "status"], may: ["affectedSopClassUid", "affectedSopInstanceUid", "eventTypeId", ...OUTCOME] },
  "N-GET-RQ": { field: 0x0110, needs: ["messageId", "requestedSopClassUid", "requestedSopInstanceUid"], may: ["attributeIdentifierList"] },
  "N-GET-RSP": { field: 0x8110, needs: ["respondsTo", "status"], may: ["affectedSopClassUid", "affectedSopInstanceUid", ...OUTCOME, "attributeIdentifierList"] },
  "N-SET-RQ": { field: 0x0120, needs: ["messageId", "requestedSopClassUid", "requestedSopInstanceUid"], may: [] },
  "N-SET-RSP": { field: 0x8120, needs: ["respondsTo", "status"], may: ["affectedSopClassUid", "affectedSopInstanceUid", ...OUTCOME, "attributeIdentifierList"] },
  "N-ACTION-RQ": { field: 0x0130, needs: ["messageId", "requestedSopClassUid", "requestedSopInstanceUid", "actionTypeId"], may: [] },
  "N-ACTION-RSP": { field: 0x8130, needs: ["respondsTo", "status"], may: ["affectedSopClassUid", "affectedSopInstanceUid", "actionTypeId", ...OUTCOME] },
  "N-CREATE-RQ": { field: 0x0140, needs: ["messageId", "affectedSopClassUid"], may: ["affectedSopInstanceUid"] },
  "N-CREATE-RSP": { field: 0x8140, needs: ["respondsTo", "status"], may: ["affectedSopClassUid", "affectedSopInstanceUid", ...OUTCOME, "attributeIdentifierList"] },
  "N-DELETE-RQ": { field: 0x0150, needs: ["messageId", "requestedSopClassUid", "requestedSopInstanceUid"], may: [] },
  "N-DELETE-RSP": { field: 0x8150, needs: ["respondsTo", "status"], may: ["affectedSopClassUid", "affectedSopInstanceUid", ...OUTCOME] },
} as const satisfies Record<string, CommandRow>;

export type CommandName = keyof typeof COMMANDS;
type Row<N extends CommandName> = (typeof COMMANDS)[N];

/** One DIMSE command: the needed elements are there, the others may be. `hasDataSet` says whether a data set follows. */
export type CommandOf<N extends CommandName> = { command: N; hasDataSet: boolean } & {
  [E in Row<N>["needs"][number]]: ValueOf<E>;
} & { [E in Row<N>["may"][number]]?: ValueOf<E> };
export type Command = { [N in CommandName]: CommandOf<N> }[CommandName];

/** Every request but C-CANCEL, which has no answer and no id of its own. */
export type RequestName = Exclude<Extract<CommandName, `${string}-RQ`>, "C-CANCEL-RQ">;
export type ResponseName = Extract<CommandName, `${string}-RSP`>;
export type Request = { [N in RequestName]: CommandOf<N> }[RequestName];
export type Response = { [N in ResponseName]: CommandOf<N> }[ResponseName];

const NAMES_BY_FIELD: ReadonlyMap<number, CommandName> = new Map(
  (Object.keys(COMMANDS) as CommandName[]).map((name) => [COMMANDS[name].field, name]),
);
const NAMES_BY_ELEMENT: ReadonlyMap<number, ElementName> = new Map(
  (Object.keys(COMMAND_ELEMENTS) as ElementName[]).map((name) => [COMMAND_ELEMENTS[name].element, name]),
);
const COMMAND_FIELD = 0x0100;
const DATA_SET_TYPE = 0x0800;
/** PS3.7 table E.1-1: this value of Command Data Set Type says that no data set follows; any other says that one does. */
const NO_DATA_SET = 0x0101;
const SOME_DATA_SET = 0x0001;

type Value = number | string | readonly number[];

/** Reads a whole command set (implicit VR little endian, PS3.7 §6.3.1). Elements that the book has retired or does not know are skipped. Fault `dimse.malformed`. */
export function readCommand(bytes: Uint8Array): Command {
  const reader = new ByteReader(bytes, "dimse.malformed");
  const seen = new Map<number, Value | undefined>();
  while (reader.left > 0) {
    const [group, element] = [reader.u16le(), reader.u16le()];
    const value = reader.slice(reader.u32le());
    if (group !== 0 || seen.has(element))
      throw malformed(element, group === 0 ? "comes twice" : "is not of group 0000");
    seen.set(element, readValue(element, value));
  }
  const field = seen.get(COMMAND_FIELD);
  const name = typeof field === "number" ? NAMES_BY_FIELD.get(field) : undefined;
  if (name === undefined) throw malformed(COMMAND_FIELD, "names no DIMSE message");
  const row: CommandRow = COMMANDS[name];
  const command: Record<string, unknown> = {
    command: name,
    hasDataSet: (seen.get(DATA_SET_TYPE) ?? NO_DATA_SET) !== NO_DATA_SET,
  };
  for (const [element, value] of seen) {
    const known = NAMES_BY_ELEMENT.get(element);
    if (known !== undefined && value !== undefined && (row.needs.includes(known) || row.may.includes(known)))
      command[known] = value;
  }
  const missing = row.needs.find((needed) => command[needed] === undefined);
  if (missing !== undefined) throw malformed(COMMAND_ELEMENTS[missing].element, `is missing from a ${name}`);
  return command as Command; // the loop above took exactly the elements of the row
}

function malformed(element: number, what: string): Fault {
  const place = `(0000,${element.toString(16).padStart(4, "0")})`;
  return new Fault("dimse.malformed", `${place} ${what}`, { place });
}

/** undefined for an element without value and for one that the table does not have. */
function readValue(element: number, value: ByteReader): Value | undefined {
  if (element === COMMAND_FIELD || element === DATA_SET_TYPE) return readUs(element, value);
  const name = NAMES_BY_ELEMENT.get(element);
  if (name === undefined || value.left === 0) return undefined;
  const { vr } = COMMAND_ELEMENTS[name];
  switch (vr) {
    case "US":
      return readUs(element, value);
    case "AT": {
      if (value.left % 4 !== 0) throw malformed(element, "is not a list of tags");
      const tags: number[] = [];
      while (value.left > 0) tags.push(value.u16le() * 0x10000 + value.u16le());
      return tags;
    }
    case "UI":
    case "AE":
    case "LO":
      return value.latin1(value.left).replace(/^ +|[\0 ]+$/g, "");
  }
}

function readUs(element: number, value: ByteReader): number {
  if (value.left !== 2) throw malformed(element, "is not one 16-bit number");
  return value.u16le();
}

/** Writes a whole command set with its group length, elements in ascending order. PS3.7 §6.3.1 and annex E. */
export function writeCommand(command: Command): Uint8Array {
  const values: Partial<Record<ElementName, Value>> = command;
  const elements: { element: number; vr: ElementRow["vr"]; value: Value }[] = [
    { element: COMMAND_FIELD, vr: "US", value: COMMANDS[command.command].field },
    { element: DATA_SET_TYPE, vr: "US", value: command.hasDataSet ? SOME_DATA_SET : NO_DATA_SET },
  ];
  for (const name of Object.keys(COMMAND_ELEMENTS) as ElementName[]) {
    const value = values[name];
    if (value !== undefined) elements.push({ ...COMMAND_ELEMENTS[name], value });
  }
  const out = new ByteWriter(256).u16le(0).u16le(0).u32le(4).u32le(0);
  for (const { element, vr, value } of elements.sort((a, b) => a.element - b.element)) {
    const bytes = valueBytes(vr, value);
    out.u16le(0).u16le(element).u32le(bytes.length).bytes(bytes);
  }
  return out.patchU32le(8, out.length - 12).take();
}

function valueBytes(vr: ElementRow["vr"], value: Value): Uint8Array {
  const out = new ByteWriter(64);
  if (typeof value === "number") out.u16le(value);
  else if (typeof value === "string") {
    out.latin1(value);
    if (value.length % 2 === 1) out.u8(vr === "UI" ? 0 : 0x20);
  } else {
    for (const tag of value) out.u16le(Math.floor(tag / 0x10000)).u16le(tag % 0x10000);
  }
  return out.take();
}

/** The response that belongs to a request: same classes and instance, no data set. PS3.7 §9.3, §10.3. */
export function answerTo(request: Request, status: number, outcome: Outcome = {}): Response {
  const name = request.command.replace(/-RQ$/, "-RSP") as ResponseName;
  const from: Partial<Record<ElementName, Value>> = request;
  const row: CommandRow = COMMANDS[name];
  const response: Record<string, unknown> = { command: name, hasDataSet: false, respondsTo: request.messageId, status };
  const copy = (to: ElementName, value: Value | undefined): void => {
    if (value !== undefined && row.may.includes(to)) response[to] = value;
  };
  copy("affectedSopClassUid", from.affectedSopClassUid ?? from.requestedSopClassUid);
  copy("affectedSopInstanceUid", from.affectedSopInstanceUid ?? from.requestedSopInstanceUid);
  copy("eventTypeId", from.eventTypeId);
  copy("actionTypeId", from.actionTypeId);
  copy("offendingElement", outcome.offendingElement);
  copy("errorId", outcome.errorId);
  copy("errorComment", outcome.errorComment === undefined ? undefined : errorComment(outcome.errorComment));
  for (const count of COUNTS) copy(count, outcome[count]);
  return response as Response; // only elements of the row were put in
}

/** What may go with a response beside its status. `errorComment` is cut to what LO holds; `offendingElement` is tags as 0xGGGGEEEE. */
export type Outcome = {
  errorComment?: string;
  offendingElement?: readonly number[];
  errorId?: number;
  remaining?: number;
  completed?: number;
  failed?: number;
  warning?: number;
};

/** PS3.5 table 6.2-1, LO: at most 64 characters, no backslash, no control characters; here the default repertoire only. */
export function errorComment(text: string): string {
  const plain = text
    .replace(/[^\x20-\x7e]/g, "?")
    .replaceAll("\\", "/")
    .trim();
  return plain.length <= 64 ? plain : `${plain.slice(0, 61).trimEnd()}...`;
}

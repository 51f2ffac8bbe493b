/** PS3.7 annex C.1: what a status says about the operation. */
export type StatusClass = "success" | "pending" | "cancel" | "warning" | "failure";

type StatusRow = { status: StatusClass; meaning: string };

/** PS3.7 annex C, and PS3.4 annexes B.2.3, C.4, J and K for those that services add. */
export const STATUSES = {
  0: { status: "success", meaning: "Success" },
  1: { status: "warning", meaning: "Requested optional attributes are not supported" },
  261: { status: "failure", meaning: "No such attribute" },
  262: { status: "failure", meaning: "Invalid attribute value" },
  263: { status: "warning", meaning: "Attribute list error" },
  272: { status: "failure", meaning: "Processing failure" },
  273: { status: "failure", meaning: "Duplicate SOP instance" },
  274: { status: "failure", meaning: "No such SOP instance" },
  275: { status: "failure", meaning: "No such event type" },
  276: { status: "failure", meaning: "No such argument" },
  277: { status: "failure", meaning: "Invalid argument value" },
  278: { status: "warning", meaning: "Attribute value out of range" },
  279: { status: "failure", meaning: "Invalid SOP instance" },
  280: { status: "failure", meaning: "No such SOP class" },
  281: { status: "failure", meaning: "Class-instance conflict" },
  288: { status: "failure", meaning: "Missing attribute" },
  289: { status: "failure", meaning: "Missing attribute value" },
  290: { status: "failure", meaning: "Refused: SOP class not supported" },
  291: { status: "failure", meaning: "No such action type" },
  292: { status: "failure", meaning: "Refused: not authorized" },
  305: { status: "failure", meaning: "Duplicate transaction UID" },
  528: { status: "failure", meaning: "Duplicate invocation" },
  529: { status: "failure", meaning: "Unrecognized operation" },
  530: { status: "failure", meaning: "Mistyped argument" },
  531: { status: "failure", meaning: "Resource limitation" },
  42752: { status: "failure", meaning: "Refused: out of resources" },
  42753: { status: "failure", meaning: "Refused: out of resources, unable to calculate number of matches" },
  42754: { status: "failure", meaning: "Refused: out of resources, unable to perform sub-operations" },
  43009: { status: "failure", meaning: "Refused: move destination unknown" },
  43264: { status: "failure", meaning: "Data set does not match SOP class" },
  45056: { status: "warning", meaning: "Coercion of data elements, or sub-operations complete with failures" },
  45062: { status: "warning", meaning: "Elements discarded" },
  45063: { status: "warning", meaning: "Data set does not match SOP class" },
  49152: { status: "failure", meaning: "Cannot understand" },
  65024: { status: "cancel", meaning: "Sub-operations terminated by cancel" },
  65280: { status: "pending", meaning: "Matches or sub-operations are continuing" },
  65281: { status: "pending", meaning: "Matches are continuing, optional keys not supported" },
} as const satisfies Record<number, StatusRow>;

const ROWS: ReadonlyMap<number, StatusRow> = new Map(
  Object.entries(STATUSES).map(([code, row]) => [Number(code), row]),
);

/** The class of any status, also of those only a range gives (PS3.7 annex C): Axxx and Cxxx failure, Bxxx warning. */
export function statusClass(status: number): StatusClass {
  const row = ROWS.get(status);
  if (row !== undefined) return row.status;
  return status >= 0xb000 && status <= 0xbfff ? "warning" : "failure";
}

/** The standard's words for a status, or those of its range. */
export function statusMeaning(status: number): string {
  const range = status & 0xff00;
  return (
    ROWS.get(status)?.meaning ??
    (status >= 0xc000 && status <= 0xcfff ? STATUSES[0xc000].meaning : ROWS.get(range)?.meaning) ??
    "Unknown status"
  );
}

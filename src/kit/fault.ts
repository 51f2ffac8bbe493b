/**
 * One table of faults, a column per wire. What is thrown is a `Fault` with a stable code; each edge reads its own
 * column and nothing else. Anything thrown that is not a `Fault` becomes the wire's plainest failure, without detail.
 *
 * `retry` says what the other side may do: "never" (the same request will fail again), "later" (it may succeed),
 * "ask" (nobody knows whether it arrived: ask before sending again).
 */
export type FaultRow = { http: number; dimse: number; retry: "never" | "later" | "ask" };

/** PS3.7 annex C and PS3.4 annex B.2.3 give the DIMSE column, RFC 9110 the HTTP column. */
export const FAULTS = {
  "input.invalid": { http: 400, dimse: 0xc000, retry: "never" },
  "input.too-large": { http: 413, dimse: 0xc000, retry: "never" },
  "input.media-type": { http: 415, dimse: 0xc000, retry: "never" },
  "answer.not-acceptable": { http: 406, dimse: 0x0122, retry: "never" },
  "dicom.malformed": { http: 400, dimse: 0xc000, retry: "never" },
  "dicom.not-dicom": { http: 400, dimse: 0xc000, retry: "never" },
  "dicom.uid": { http: 400, dimse: 0xc000, retry: "never" },
  "dicom.missing": { http: 409, dimse: 0xa900, retry: "never" },
  "dicom.class-mismatch": { http: 409, dimse: 0xa900, retry: "never" },
  "dicom.class-unknown": { http: 409, dimse: 0x0122, retry: "never" },
  "dicom.transfer-syntax": { http: 409, dimse: 0xc000, retry: "never" },
  "dicom.too-deep": { http: 400, dimse: 0xc000, retry: "never" },
  "dicom.undecodable": { http: 406, dimse: 0xc000, retry: "never" },
  "dimse.malformed": { http: 400, dimse: 0x0110, retry: "never" },
  "instance.conflict": { http: 409, dimse: 0x0111, retry: "never" },
  "patient.conflict": { http: 409, dimse: 0x0111, retry: "never" }, // an object that names another patient's study
  "study.unknown": { http: 404, dimse: 0x0112, retry: "never" },
  "access.denied": { http: 404, dimse: 0x0112, retry: "never" }, // as unknown, on purpose
  "route.unknown": { http: 404, dimse: 0x0122, retry: "never" },
  "route.method": { http: 405, dimse: 0x0211, retry: "never" },
  "route.misdirected": { http: 421, dimse: 0x0122, retry: "never" }, // a host name that is not ours: DNS rebinding
  "request.cross-site": { http: 403, dimse: 0x0124, retry: "never" },
  "sign-in.required": { http: 401, dimse: 0x0124, retry: "never" },
  "sign-in.failed": { http: 401, dimse: 0x0124, retry: "never" }, // wrong, unknown, closed: one answer
  "role.denied": { http: 403, dimse: 0x0124, retry: "never" }, // only for known actors on their own organisation's settings
  "share.refused": { http: 409, dimse: 0x0124, retry: "never" },
  "link.closed": { http: 404, dimse: 0x0112, retry: "never" }, // unknown, expired, revoked, used up: one answer
  "challenge.failed": { http: 403, dimse: 0x0124, retry: "never" },
  "rate.limited": { http: 429, dimse: 0xa700, retry: "later" },
  "storage.full": { http: 507, dimse: 0xa700, retry: "later" },
  "storage.unavailable": { http: 503, dimse: 0xa700, retry: "later" },
  "storage.missing": { http: 500, dimse: 0x0110, retry: "never" }, // an indexed object whose bytes are gone
  "database.unavailable": { http: 503, dimse: 0xa700, retry: "later" },
  "decoder.failed": { http: 406, dimse: 0xc000, retry: "never" },
  "decoder.busy": { http: 503, dimse: 0xa700, retry: "later" },
  "seal.broken": { http: 500, dimse: 0x0110, retry: "never" },
  "key.broken": { http: 500, dimse: 0x0110, retry: "never" },
  "key.destroyed": { http: 410, dimse: 0x0112, retry: "never" },
  "ledger.broken": { http: 500, dimse: 0x0110, retry: "never" },
  "peer.silent": { http: 504, dimse: 0x0110, retry: "ask" },
  "peer.refused": { http: 502, dimse: 0x0110, retry: "later" },
  "config.invalid": { http: 500, dimse: 0x0110, retry: "never" },
  "request.cancelled": { http: 499, dimse: 0xfe00, retry: "ask" },
  "state.conflict": { http: 409, dimse: 0x0110, retry: "never" },
  internal: { http: 500, dimse: 0x0110, retry: "ask" },
} as const satisfies Record<string, FaultRow>;

export type FaultCode = keyof typeof FAULTS;

/** A failure that a caller or peer may be told about: `code` is stable, `message` names the place and the remedy and never holds a secret or a patient. */
export class Fault extends Error {
  readonly code: FaultCode;
  /** Where in the input it stands, for example "(0028,0010) Rows" or "body.expiresInDays"; never a value. */
  readonly place: string | undefined;

  constructor(code: FaultCode, message: string, options: { place?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Fault";
    this.code = code;
    this.place = options.place;
  }

  get row(): FaultRow {
    return FAULTS[this.code];
  }
}

/** What an edge may show of anything thrown: the Fault itself, or the plain "internal" one with the original as its cause. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault("internal", "Something went wrong here; it is in the server's log.", { cause: thrown });
}

/** Makes a forgotten case of a closed union a compile error. */
export function never(value: never): never {
  throw new Fault("internal", "a case nobody handles", { cause: value });
}

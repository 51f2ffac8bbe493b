import { Fault } from "#kit/fault.ts";
import type { Abort, AssociateAc, AssociateRj, AssociateRq, Pdu } from "#standards/dimse/pdu.ts";
import type { Fragment } from "#standards/dimse/pdu-stream.ts";

/** PS3.8 tables 9-1 to 9-5. */
export type Sta =
  | "Sta1"
  | "Sta2"
  | "Sta3"
  | "Sta4"
  | "Sta5"
  | "Sta6"
  | "Sta7"
  | "Sta8"
  | "Sta9"
  | "Sta10"
  | "Sta11"
  | "Sta12"
  | "Sta13";

/** PS3.8 table 9-10's rows, with what each brings along. */
export type UpperLayerEvent =
  | { evt: "Evt1" } // A-ASSOCIATE request (local user)
  | { evt: "Evt2"; request: AssociateRq } // transport connection confirmed
  | { evt: "Evt3"; pdu: AssociateAc }
  | { evt: "Evt4"; pdu: AssociateRj }
  | { evt: "Evt5" } // transport connection indication
  | { evt: "Evt6"; pdu: AssociateRq }
  | { evt: "Evt7"; pdu: AssociateAc } // A-ASSOCIATE response: accept
  | { evt: "Evt8"; pdu: AssociateRj } // A-ASSOCIATE response: reject
  | { evt: "Evt9"; bytes: Uint8Array } // P-DATA request, already encoded as P-DATA-TF PDUs
  | { evt: "Evt10"; fragment: Fragment }
  | { evt: "Evt11" } // A-RELEASE request
  | { evt: "Evt12" } // A-RELEASE-RQ PDU
  | { evt: "Evt13" } // A-RELEASE-RP PDU
  | { evt: "Evt14" } // A-RELEASE response
  | { evt: "Evt15" } // A-ABORT request
  | { evt: "Evt16"; pdu: Abort }
  | { evt: "Evt17" } // transport connection closed
  | { evt: "Evt18" } // ARTIM timer expired
  | { evt: "Evt19"; reason: number; why: string }; // unrecognized or invalid PDU, with the reason for A-ABORT (table 9-26)

export type Evt = UpperLayerEvent["evt"];

/** PS3.8 tables 9-6 to 9-9. */
export type Act =
  | `AE-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | `DT-${1 | 2}`
  | `AR-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`
  | `AA-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`;

/** PS3.8 table 9-10, row by row. A blank cell cannot happen: `step` treats it as a bug, not as an event. */
// biome-ignore format: the rows of the standard's table
export const TRANSITIONS = {
  Evt1: { Sta1: "AE-1" },
  Evt2: { Sta4: "AE-2" },
  Evt3: { Sta2: "AA-1", Sta3: "AA-8", Sta5: "AE-3", Sta6: "AA-8", Sta7: "AA-8", Sta8: "AA-8", Sta9: "AA-8", Sta10: "AA-8", Sta11: "AA-8", Sta12: "AA-8", Sta13: "AA-6" },
  Evt4: { Sta2: "AA-1", Sta3: "AA-8", Sta5: "AE-4", Sta6: "AA-8", Sta7: "AA-8", Sta8: "AA-8", Sta9: "AA-8", Sta10: "AA-8", Sta11: "AA-8", Sta12: "AA-8", Sta13: "AA-6" },
  Evt5: { Sta1: "AE-5" },
  Evt6: { Sta2: "AE-6", Sta3: "AA-8", Sta5: "AA-8", Sta6: "AA-8", Sta7: "AA-8", Sta8: "AA-8", Sta9: "AA-8", Sta10: "AA-8", Sta11: "AA-8", Sta12: "AA-8", Sta13: "AA-7" },
  Evt7: { Sta3: "AE-7" },
  Evt8: { Sta3: "AE-8" },
  Evt9: { Sta6: "DT-1", Sta8: "AR-7" },
  Evt10: { Sta2: "AA-1", Sta3: "AA-8", Sta5: "AA-8", Sta6: "DT-2", Sta7: "AR-6", Sta8: "AA-8", Sta9: "AA-8", Sta10: "AA-8", Sta11: "AA-8", Sta12: "AA-8", Sta13: "AA-6" },
  Evt11: { Sta6: "AR-1" },
  Evt12: { Sta2: "AA-1", Sta3: "AA-8", Sta5: "AA-8", Sta6: "AR-2", Sta7: "AR-8", Sta8: "AA-8", Sta9: "AA-8", Sta10: "AA-8", Sta11: "AA-8", Sta12: "AA-8", Sta13: "AA-6" },
  Evt13: { Sta2: "AA-1", Sta3: "AA-8", Sta5: "AA-8", Sta6: "AA-8", Sta7: "AR-3", Sta8: "AA-8", Sta9: "AA-8", Sta10: "AR-10", Sta11: "AR-3", Sta12: "AA-8", Sta13: "AA-6" },
  Evt14: { Sta8: "AR-4", Sta9: "AR-9", Sta12: "AR-4" },
  Evt15: { Sta3: "AA-1", Sta4: "AA-2", Sta5: "AA-1", Sta6: "AA-1", Sta7: "AA-1", Sta8: "AA-1", Sta9: "AA-1", Sta10: "AA-1", Sta11: "AA-1", Sta12: "AA-1" },
  Evt16: { Sta2: "AA-2", Sta3: "AA-3", Sta5: "AA-3", Sta6: "AA-3", Sta7: "AA-3", Sta8: "AA-3", Sta9: "AA-3", Sta10: "AA-3", Sta11: "AA-3", Sta12: "AA-3", Sta13: "AA-2" },
  Evt17: { Sta2: "AA-5", Sta3: "AA-4", Sta4: "AA-4", Sta5: "AA-4", Sta6: "AA-4", Sta7: "AA-4", Sta8: "AA-4", Sta9: "AA-4", Sta10: "AA-4", Sta11: "AA-4", Sta12: "AA-4", Sta13: "AR-5" },
  Evt18: { Sta2: "AA-2", Sta13: "AA-2" },
  Evt19: { Sta2: "AA-1", Sta3: "AA-8", Sta5: "AA-8", Sta6: "AA-8", Sta7: "AA-8", Sta8: "AA-8", Sta9: "AA-8", Sta10: "AA-8", Sta11: "AA-8", Sta12: "AA-8", Sta13: "AA-7" },
} as const satisfies Record<Evt, Partial<Record<Sta, Act>>>;

/** What the driver is to do, in order. "tell" is an indication or a confirmation to the service user (PS3.8 §7). */
export type Effect =
  | { do: "connect" }
  | { do: "send"; pdu: Pdu }
  | { do: "send-bytes"; bytes: Uint8Array }
  | { do: "start-artim" }
  | { do: "stop-artim" }
  | { do: "close" }
  | { do: "tell"; what: Indication };

export type Indication =
  | { is: "associate"; request: AssociateRq }
  | { is: "accepted"; pdu: AssociateAc }
  | { is: "rejected"; pdu: AssociateRj }
  | { is: "fragment"; fragment: Fragment }
  | { is: "release" }
  | { is: "released" }
  | { is: "abort"; by: "peer"; source: number; reason: number } // A-ABORT or A-P-ABORT indication from a received PDU
  | { is: "abort"; by: "us"; source: number; reason: number; why: string } // A-P-ABORT: the peer broke the protocol
  | { is: "abort"; by: "transport" }; // A-P-ABORT: the connection went away

export type Association = { readonly sta: Sta; readonly requestor: boolean };

export const IDLE_REQUESTOR: Association = { sta: "Sta1", requestor: true };
export const IDLE_ACCEPTOR: Association = { sta: "Sta1", requestor: false };

/** True where PS3.8 table 9-10 has an action: a local wish (Evt1, 7, 8, 9, 11, 14, 15) is to be asked for first. */
export function mayHappen(association: Association, evt: Evt): boolean {
  return actionFor(association.sta, evt) !== undefined;
}

function actionFor(sta: Sta, evt: Evt): Act | undefined {
  const row: Partial<Record<Sta, Act>> = TRANSITIONS[evt];
  return row[sta];
}

/** PS3.8 §9.2: the next state and what to do. Pure. Fault `internal` for a blank cell of table 9-10. */
export function step(association: Association, event: UpperLayerEvent): [Association, readonly Effect[]] {
  const action = actionFor(association.sta, event.evt);
  if (action === undefined)
    throw new Fault("internal", `PS3.8 table 9-10 has no action for ${event.evt} in ${association.sta}`);
  const [sta, effects] = perform(action, event, association);
  return [sta === association.sta ? association : { ...association, sta }, effects];
}

const STOP = { do: "stop-artim" } as const;
const START = { do: "start-artim" } as const;
const CLOSE = { do: "close" } as const;
const send = (pdu: Pdu): Effect => ({ do: "send", pdu });
const tell = (what: Indication): Effect => ({ do: "tell", what });
const sendAbort = (source: number, reason: number): Effect => send({ type: "A-ABORT", source, reason });

/** PS3.8 table 9-26: 2 is "unexpected PDU". */
const reasonOf = (event: UpperLayerEvent): number => (event.evt === "Evt19" ? event.reason : 2);

/** PS3.8 tables 9-6 to 9-9, one case per action. */
function perform(action: Act, event: UpperLayerEvent, { sta, requestor }: Association): [Sta, Effect[]] {
  const takes = <E extends Evt>(evt: E): Extract<UpperLayerEvent, { evt: E }> => {
    if (event.evt !== evt) throw new Fault("internal", `${action} belongs to ${evt}, not to ${event.evt}`);
    return event as Extract<UpperLayerEvent, { evt: E }>;
  };
  switch (action) {
    case "AE-1":
      return ["Sta4", [{ do: "connect" }]];
    case "AE-2":
      return ["Sta5", [send(takes("Evt2").request)]];
    case "AE-3":
      return ["Sta6", [tell({ is: "accepted", pdu: takes("Evt3").pdu })]];
    case "AE-4":
      return ["Sta1", [tell({ is: "rejected", pdu: takes("Evt4").pdu }), CLOSE]];
    case "AE-5":
      return ["Sta2", [START]];
    case "AE-6":
      return considerRequest(takes("Evt6").pdu);
    case "AE-7":
      return ["Sta6", [send(takes("Evt7").pdu)]];
    case "AE-8":
      return ["Sta13", [send(takes("Evt8").pdu), START]];
    case "DT-1":
      return ["Sta6", [{ do: "send-bytes", bytes: takes("Evt9").bytes }]];
    case "DT-2":
      return ["Sta6", [tell({ is: "fragment", fragment: takes("Evt10").fragment })]];
    case "AR-1":
      return ["Sta7", [send({ type: "A-RELEASE-RQ" })]];
    case "AR-2":
      return ["Sta8", [tell({ is: "release" })]];
    case "AR-3":
      return ["Sta1", [tell({ is: "released" }), CLOSE]];
    case "AR-4":
      return ["Sta13", [send({ type: "A-RELEASE-RP" }), START]];
    case "AR-5":
      return ["Sta1", [STOP]];
    case "AR-6":
      return ["Sta7", [tell({ is: "fragment", fragment: takes("Evt10").fragment })]];
    case "AR-7":
      return ["Sta8", [{ do: "send-bytes", bytes: takes("Evt9").bytes }]];
    case "AR-8": // both sides asked to release at the same moment
      return [requestor ? "Sta9" : "Sta10", [tell({ is: "release" })]];
    case "AR-9":
      return ["Sta11", [send({ type: "A-RELEASE-RP" })]];
    case "AR-10":
      return ["Sta12", [tell({ is: "released" })]];
    case "AA-1":
      return ["Sta13", [sendAbort(0, 0), START]];
    case "AA-2":
      return ["Sta1", [STOP, CLOSE]];
    case "AA-3": {
      const { source, reason } = takes("Evt16").pdu;
      return ["Sta1", [tell({ is: "abort", by: "peer", source, reason }), CLOSE]];
    }
    case "AA-4":
      return ["Sta1", [tell({ is: "abort", by: "transport" })]];
    case "AA-5":
      return ["Sta1", [STOP]];
    case "AA-6":
      return [sta, []];
    case "AA-7":
      return ["Sta13", [sendAbort(2, reasonOf(event))]];
    case "AA-8": {
      const reason = reasonOf(event);
      const why = event.evt === "Evt19" ? event.why : `${event.evt} does not belong into ${sta}`;
      return ["Sta13", [sendAbort(2, reason), tell({ is: "abort", by: "us", source: 2, reason, why }), START]];
    }
  }
}

/** AE-6: what the service provider itself refuses is another protocol version (PS3.8 table 9-11, bit 0). */
function considerRequest(request: AssociateRq): [Sta, Effect[]] {
  if ((request.protocolVersion & 1) === 1) return ["Sta3", [STOP, tell({ is: "associate", request })]];
  return ["Sta13", [STOP, send({ type: "A-ASSOCIATE-RJ", result: 1, source: 2, reason: 2 }), START]];
}

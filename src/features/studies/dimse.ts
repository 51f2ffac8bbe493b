import type { Actor } from "#features/audit/actor.ts";
import { receiveInstance } from "#features/studies/actions.ts";
import { judgedLast } from "#features/studies/sender.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import { type Fault, faultOf } from "#kit/fault.ts";
import type { Peer } from "#platform/dicom/acceptor.ts";
import type { ListenerOptions } from "#platform/dicom/listener.ts";

type OnStore = NonNullable<ListenerOptions<Actor>["onStore"]>;

/**
 * C-STORE as SCP (PS3.4 annex B): stored as sent. 0000 is answered only after object and record are durable. Who sends is judged
 * again at each object, by `judge`, while the data set comes in.
 */
export function storeHandler(
  world: StudiesWorld,
  judge: (who: Actor, peer: Peer) => Promise<void>,
  log: (fault: Fault, actor: Actor) => void,
): OnStore {
  return async (request, dataSet) => {
    const verdict = judge(request.context, request.peer);
    verdict.catch(() => undefined); // it is awaited when the last byte has come
    try {
      await receiveInstance(world, request.context, {
        bytes: judgedLast(dataSet, () => verdict),
        bare: {
          sopClassUid: request.sopClassUid,
          sopInstanceUid: request.sopInstanceUid,
          transferSyntax: request.transferSyntax,
          sourceAe: request.peer.callingAe,
        },
        source: `dimse:${request.peer.callingAe}`,
      });
      return { status: 0x0000 };
    } catch (thrown) {
      const fault = faultOf(thrown);
      log(fault, request.context);
      return { status: fault.row.dimse, errorComment: fault.message.slice(0, 64) };
    }
  };
}

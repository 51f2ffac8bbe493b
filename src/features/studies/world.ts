import type { World } from "#features/audit/action.ts";
import type { Indexer } from "#features/studies/indexer.ts";
import type { InstanceRecord } from "#features/studies/queries.ts";
import type { Fault } from "#kit/fault.ts";
import type { Blobs } from "#platform/blobs/blobs.ts";
import type { Decoders } from "#platform/decoders/decoders.ts";

/** What the studies' actions need beyond every action's world: the sealed objects, the index and the decoders. */
export type StudiesWorld = World & {
  blobs: Blobs;
  indexer: Indexer;
  decoders: Decoders;
  /** Hears of a stored object that is gone, cut or changed. */
  damaged?: (instance: InstanceRecord, fault: Fault) => void;
};

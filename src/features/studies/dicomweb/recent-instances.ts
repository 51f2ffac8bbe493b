import type { SealedParts } from "#features/studies/queries.ts";
import type { StoredObject } from "#features/studies/stored-object.ts";
import { Recent } from "#kit/recent.ts";
import { MAX_KEY_AGE_MS } from "#trust/keys/cache.ts";

export type WithParts = { object: StoredObject; parts: SealedParts };

/**
 * Instances whose frames are asked for one by one, each as somebody read it under the policy epochs of `stamp`: rows never
 * change, and what ends the right to one bumps an epoch.
 */
export type RecentInstances = Recent<WithParts & { stamp: string }>;

const KEPT_BYTES = 16 * 1024 * 1024;
const ROW_BYTES = 2048; // a row, its key and what holds them

export const recentInstances = (): RecentInstances =>
  new Recent({
    room: KEPT_BYTES,
    weigh: ({ parts }) => parts.header.length + parts.frame_index.length + ROW_BYTES,
    age: MAX_KEY_AGE_MS,
  });

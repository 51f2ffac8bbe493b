import { z } from "zod";
import { CreateToken } from "#contract/people.ts";
import { Id } from "#contract/words.ts";
import { action } from "#features/audit/action.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import { appointingRefused, mayAdminister, REFUSED } from "#features/people/administration.ts";
import { insertToken, revokeToken } from "#features/people/tokens/queries.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { createSecret, hashSecret } from "#trust/tokens/secret.ts";

const DAY_MS = 86_400_000;

/** A machine's token: scopes, one purpose, an end. Its secret is in the answer and nowhere else. */
export const createToken = action("token.create", CreateToken, async ({ tx, now, random }, who, input) => {
  const refused = appointingRefused(who);
  if (refused !== null) return refused;
  const id = uuidv7();
  const secret = createSecret("token", random);
  const expiresAt = new Date(now.getTime() + input.expiresInDays * DAY_MS);
  const scopes = [...new Set(input.scopes)];
  await insertToken(tx, {
    organisation: who.organisation,
    id,
    name: input.name,
    secretHash: hashSecret(secret),
    scopes,
    purpose: input.purpose,
    createdBy: who.id,
    expiresAt,
  });
  return {
    done: { id, secret, expiresAt },
    audit: { subject: id, detail: { name: input.name, scopes, purpose: input.purpose } },
  };
});

export const endToken = action("token.revoke", z.object({ id: Id }), async ({ tx }, who, { id }) => {
  if (!mayAdminister(who)) return REFUSED;
  if (!(await revokeToken(tx, who.organisation, id)))
    throw new Fault("route.unknown", "There is no such token, or it was revoked before.", { place: "id" });
  await bumpEpochs(tx, [who.organisation]);
  return { done: {}, audit: { subject: id } };
});

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Actor } from "#features/audit/actor.ts";
import { mayReadRecord, REFUSED } from "#features/audit/rules.ts";
import { type EncryptionNeeds, encryptionState } from "#features/compliance/encryption.ts";
import { Fault } from "#kit/fault.ts";

export type EncryptionHttpNeeds = EncryptionNeeds & {
  authenticate: (request: FastifyRequest) => Promise<Actor | null>;
};

/** GET /api/encryption: wires, stores, keys, backup and witnesses, for those whose duty it is to know. */
export function addEncryptionHttp(app: FastifyInstance, needs: EncryptionHttpNeeds): void {
  app.get("/api/encryption", async (request) => {
    const who = await needs.authenticate(request);
    if (who === null) throw new Fault("sign-in.required", "Sign in, or send a token that is valid here.");
    if (!mayReadRecord(who)) throw new Fault(REFUSED.fault, REFUSED.say);
    return encryptionState(needs, who);
  });
}

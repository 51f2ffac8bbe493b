import { z } from "zod";
import { Id, Instant, Purpose, page } from "#contract/words.ts";

/** GET /api/audit?patient=&study=&person=&action=&from=&to=&after=: who saw which patient's images when, by which right. */
export const AuditRow = z.object({
  id: Id,
  at: Instant,
  action: z.string(),
  outcome: z.enum(["done", "refused", "failed"]),
  actorKind: z.string(),
  actorName: z.string(),
  purpose: Purpose.nullable(),
  because: z.string(),
  patientName: z.string().nullable(),
  studyId: Id.nullable(),
  studyDescription: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
  leaf: z.number().nullable(),
});
export type AuditRow = z.infer<typeof AuditRow>;
export const AuditPage = page(AuditRow);
/** GET /api/audit/proof: the tree's state and whether it verifies now; GET /api/audit/export streams the offline export; GET /api/audit/proof/:id an inclusion proof. */
export const LedgerState = z.object({
  size: z.number(),
  root: z.string(),
  checkpointAt: Instant.nullable(),
  checkpointSize: z.number(),
  verified: z.boolean(),
  findings: z.array(z.string()),
  publicKey: z.string(),
});
export type LedgerState = z.infer<typeof LedgerState>;

import { z } from "zod";

/** The words that cross every wire of our own programs: roles, purposes of use, rights, bases. Closed lists. */

export const ROLES = [
  "administrator",
  "radiographer",
  "radiologist",
  "referrer",
  "privacy-officer",
  "auditor",
] as const;
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

/** Purposes of use: what somebody looks, shares or works for. `care` rests on the treatment relation; the others need a basis of their own. */
export const PURPOSES = [
  "care",
  "second-opinion",
  "patient-request",
  "teaching",
  "research",
  "insurer",
  "emergency",
  "audit",
  "operations",
] as const;
export const Purpose = z.enum(PURPOSES);
export type Purpose = z.infer<typeof Purpose>;

export const RIGHTS = ["view", "download", "report", "re-share"] as const;
export const Right = z.enum(RIGHTS);
export type Right = z.infer<typeof Right>;

export const BASES = ["own-care", "agreement", "consent", "emergency", "legal-order"] as const;
export const BasisKind = z.enum(BASES);
export type BasisKind = z.infer<typeof BasisKind>;

export const SCOPES = ["dicomweb.read", "dicomweb.write", "fhir.read", "fhir.write", "hl7.send", "admin"] as const;
export const TokenScope = z.enum(SCOPES);
export type TokenScope = z.infer<typeof TokenScope>;

/** A verdict in a resource: what may be done with it and, in a code the page turns into words, why or why not. */
export const Verdict = z.object({ allowed: z.boolean(), because: z.string(), basis: z.string().optional() });
export type Verdict = z.infer<typeof Verdict>;

export const Id = z.uuid();
/** The name of a person or an organisation, as it stands in mail, in lists and on print: one line that no message can be written into. */
export const Name = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u, "a name is one line without control characters")
  .regex(/^(?!.*:\/\/)/, "a name holds no address of a page");
export const Instant = z.iso.datetime({ offset: true });
/** What every list answers: the page and where the next one starts (absent at the end). */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().optional(), total: z.number().int().optional() });
/** RFC 9457 problem, as every error answers it. `left`: how many tries remain after a wrong answer. */
export const Problem = z.object({
  code: z.string(),
  message: z.string(),
  place: z.string().optional(),
  left: z.number().int().optional(),
});
export type Problem = z.infer<typeof Problem>;

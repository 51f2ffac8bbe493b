import { z } from "zod";
import { BasisKind, Id, Instant, Purpose, Right, Verdict } from "#contract/words.ts";

/** POST /api/studies/:owner/:id/share/verdict and …/share take the same proposal: the first only says what would happen, in words. */
const Subject = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("organisation"), id: Id }),
  /** `organisation`: the partner they work for, where it is not plain from the agreement. */
  z.object({ kind: z.literal("person"), email: z.email(), organisation: Id.optional() }),
  z.object({
    kind: z.literal("link"),
    recipient: z.string().trim().min(1).max(120),
    toPatient: z.boolean().default(false),
  }),
]);
const Basis = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("agreement"), id: Id }),
  z.object({ kind: z.literal("consent"), id: Id }),
  z.object({ kind: z.literal("own-care"), note: z.string().max(500).default("") }),
  z.object({ kind: z.literal("legal-order"), note: z.string().trim().min(15).max(500) }),
]);
export const Challenge = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("code"), address: z.string().trim().min(3).max(254) }),
  z.object({ kind: z.literal("password"), password: z.string().min(8).max(200) }),
  z.object({ kind: z.literal("birth-date") }),
]);
export const ShareProposal = z.object({
  subject: Subject,
  purpose: Purpose,
  basis: Basis.optional(),
  rights: z.array(Right).default(["view"]),
  withPriors: z.boolean().default(false),
  withReport: z.boolean().default(true),
  expiresInDays: z.number().int().min(1).max(365).default(7),
  maxUses: z.number().int().min(1).max(1000).nullable().default(null),
  challenge: Challenge.optional(),
  notify: z.boolean().default(true),
});
export type ShareProposal = z.infer<typeof ShareProposal>;
export const ShareVerdict = z.object({
  verdict: Verdict,
  /** What the page says, as i18n keys with values, in order: why it is allowed, what leaves, what does not, what is weak. */
  sentences: z.array(z.object({ key: z.string(), values: z.record(z.string(), z.string()) })),
  /** Bases that would carry this proposal. */
  bases: z.array(z.object({ kind: BasisKind, id: Id.nullable(), title: z.string(), until: Instant.nullable() })),
});
export type ShareVerdict = z.infer<typeof ShareVerdict>;
/** The link's URL is shown once. QR and print sheet are made in the page from it; birth date and password never stand on the sheet. */
export const Shared = z.object({
  grant: Id,
  link: z.object({ id: Id, url: z.string() }).nullable(),
  because: z.string(),
});

/** GET /api/studies/:owner/:id/access: who has access, the last openings. DELETE /api/grants/:id revokes. */
export const AccessRow = z.object({
  grant: Id,
  kind: z.enum(["organisation", "person", "link"]),
  name: z.string(),
  purpose: Purpose,
  basis: BasisKind,
  basisTitle: z.string(),
  rights: z.array(Right),
  until: Instant,
  revokedAt: Instant.nullable(),
  state: z.enum(["open", "expired", "revoked", "basis-ended", "left", "used-up", "closed"]),
  uses: z.number().int(),
  maxUses: z.number().int().nullable(),
  lastOpenedAt: Instant.nullable(),
  madeAt: Instant,
  /** Whoever made it, as colleagues know them; empty where that was no person. */
  madeBy: z.string(),
  /** What opens a link, and where its codes go; null for everything that is no link. */
  challenge: z.enum(["code", "password", "birth-date"]).nullable(),
  address: z.string().nullable(),
});
export type AccessRow = z.infer<typeof AccessRow>;
export const Opening = z.object({ at: Instant, who: z.string(), what: z.string(), because: z.string() });
export const AccessList = z.object({ access: z.array(AccessRow), openings: z.array(Opening) });

/** Consent at the desk. GET /api/consent/forms; POST /api/consent/forms publishes a version; GET /api/patients/:id/consents; POST records one; POST /api/consents/:id/end withdraws. */
export const ConsentForm = z.object({
  id: Id,
  form: z.string(),
  version: z.number(),
  language: z.string(),
  jurisdiction: z.string(),
  purposes: z.array(Purpose),
  title: z.string(),
  body: z.string(),
  sha256: z.string(),
  effectiveAt: Instant,
  retiredAt: Instant.nullable(),
});
export const PublishForm = z.object({
  form: z.string().regex(/^[a-z0-9-]{3,60}$/),
  language: z.string().regex(/^[a-z]{2}$/),
  jurisdiction: z.string().regex(/^[A-Z]{2}$/),
  purposes: z.array(Purpose).min(1),
  title: z.string().trim().min(3).max(200),
  body: z.string().trim().min(20).max(50_000),
});
export const RecordConsent = z.object({
  studyOwner: Id,
  study: Id,
  formVersion: Id,
  decision: z.enum(["given", "refused"]),
  givenBy: z.enum(["self", "guardian", "proxy"]),
  purposes: z.array(Purpose).min(1),
  recipient: z.string().max(200).default(""),
  channel: z.enum(["in-person", "telephone", "video", "paper", "portal"]),
  until: Instant.nullable().default(null),
});
export const ConsentRow = z.object({
  id: Id,
  title: z.string(),
  version: z.number(),
  decision: z.string(),
  givenBy: z.string(),
  purposes: z.array(Purpose),
  recipient: z.string(),
  channel: z.string(),
  from: Instant,
  until: Instant.nullable(),
  endedAt: Instant.nullable(),
  grants: z.number().int(),
});
export const EndConsent = z.object({ reason: z.string().max(500).default("") });
export const ConsentEnded = z.object({
  stopped: z.array(z.object({ grant: Id, name: z.string() })),
  stays: z.array(z.object({ grant: Id, name: z.string(), because: z.string() })),
});

/**
 * People with a link, no account. The page /l reads the secret from the fragment and sends it only by POST.
 * POST /api/link/look { secret } → LinkCard (counts nothing) · POST /api/link/send-code { secret } · POST /api/link/open { secret, answer } → sets the host-only cookie, LinkStudy
 * GET /api/link/study → LinkStudy · GET /api/link/frames/:instance/:frame?window=… → JPEG with the mark · GET /api/link/thumbnail/:instance · GET /api/link/document/:instance/:page → PNG of a PDF or SR page
 * POST /api/link/ended { secret? } → LinkEnded for the browser that was let in before, null for every other (counts nothing)
 * GET /api/link/report → ReportForPatient · GET /api/link/report.pdf · GET /api/link/download → ZIP (right download only) · POST /api/link/close (forget this device)
 * Every refusal answers 404 link.closed with the same words; a wrong answer 403 challenge.failed with the tries that are left.
 */
export const LinkCard = z.object({
  organisation: z.object({
    name: z.string(),
    colour: z.string(),
    logo: z.string().nullable(),
    languages: z.array(z.string()),
  }),
  challenge: z.enum(["code", "password", "birth-date"]),
  maskedAddress: z.string().nullable(),
  endsAt: Instant,
  /** This browser holds an open session of this very link: it goes in without another opening. */
  inside: z.boolean(),
});
export const LinkEnded = z.object({
  organisation: LinkCard.shape.organisation,
  because: z.enum(["taken-back", "expired", "used-up", "tries", "away"]),
});
export type LinkEnded = z.infer<typeof LinkEnded>;
export const OpenLink = z.object({ secret: z.string().min(20).max(200), answer: z.string().min(1).max(200) });
export const LinkInstance = z.object({
  id: z.string(),
  kind: z.enum(["image", "document", "other"]),
  frames: z.number().int(),
  rows: z.number().nullable(),
  columns: z.number().nullable(),
  cine: z.number().nullable(),
});
export const LinkStudy = z.object({
  organisation: LinkCard.shape.organisation,
  recipient: z.string(),
  patientName: z.string(),
  description: z.string(),
  studyDate: z.string(),
  modalities: z.array(z.string()),
  endsAt: Instant,
  rights: z.array(Right),
  windows: z.array(z.object({ key: z.string(), label: z.string() })),
  series: z.array(
    z.object({ id: z.string(), description: z.string(), modality: z.string(), instances: z.array(LinkInstance) }),
  ),
  report: z.enum(["none", "available", "not-shared"]),
  framesLeft: z.number().int(),
  priors: z.array(z.object({ id: z.string(), description: z.string(), studyDate: z.string() })),
});
export type LinkStudy = z.infer<typeof LinkStudy>;
export const ReportForPatient = z.object({
  status: z.string(),
  signedAt: Instant.nullable(),
  author: z.string(),
  text: z.object({ indication: z.string(), comparison: z.string(), findings: z.string(), impression: z.string() }),
});

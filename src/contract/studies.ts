import { z } from "zod";
import { Id, Instant, page, Verdict } from "#contract/words.ts";

/** What may be done with a study, each with its reason. The page never decides. */
export const StudyCan = z.object({ view: Verdict, download: Verdict, share: Verdict, report: Verdict });

export const ReportState = z.enum(["none", "draft", "preliminary", "final", "addendum"]);

/** GET /api/studies?q=&modality=CT,MR&report=none,draft&from=YYYYMMDD&to=&sort=arrived|date|status|patient|description|id|birth|accession|images (‘-’ first: descending; comma: several)&owner=mine|granted|all&after=cursor&limit= */
export const StudyRow = z.object({
  id: Id,
  owner: Id,
  ownerName: z.string(),
  studyUid: z.string(),
  /** Root of this study's DICOMweb: "/dicomweb" for the caller's own, "/dicomweb/orgs/{org}" for what was granted. */
  dicomwebRoot: z.string(),
  patientName: z.string(),
  patientId: z.string(),
  birthDate: z.string(),
  sex: z.string(),
  studyDate: z.string(),
  studyTime: z.string(),
  description: z.string(),
  accession: z.string(),
  modalities: z.array(z.string()),
  referringPhysician: z.string(),
  seriesCount: z.number().int(),
  instanceCount: z.number().int(),
  bytes: z.number(),
  priors: z.number().int(),
  report: ReportState,
  arrivedAt: Instant,
  updatedAt: Instant,
  shared: z.number().int(),
});
export type StudyRow = z.infer<typeof StudyRow>;
export const StudyPage = page(StudyRow);

export const SeriesRow = z.object({
  seriesUid: z.string(),
  modality: z.string(),
  number: z.number().nullable(),
  description: z.string(),
  bodyPart: z.string(),
  instanceCount: z.number().int(),
  frames: z.number().int(),
});
export type SeriesRow = z.infer<typeof SeriesRow>;
/** GET /api/studies/:owner/:id */
export const StudyDetail = StudyRow.extend({
  can: StudyCan,
  series: z.array(SeriesRow),
  priorStudies: z.array(StudyRow),
  /** How many other people the clinic has under this patient's ID: their studies are no priors. Only the clinic itself is told. */
  namesakes: z.number().int(),
  basis: z.string(),
});
export type StudyDetail = z.infer<typeof StudyDetail>;

/** GET /api/events: server-sent events. `event: study` data {id, owner}; `event: epoch` when rights changed: refetch. */
export const StudyEvent = z.object({ id: Id, owner: Id });

/**
 * Upload from the page. POST /api/uploads → {id}; PUT /api/uploads/:id/files/:n with a raw body (one file, or a ZIP) answers UploadedFile[] as JSON once stored durably;
 * GET /api/uploads/:id lists what is stored, so that a broken upload resumes with what is missing.
 */
export const UploadedFile = z.object({
  name: z.string(),
  outcome: z.enum(["stored", "already-here", "ignored", "refused"]),
  code: z.string().optional(),
  message: z.string().optional(),
  studyId: Id.optional(),
});
export type UploadedFile = z.infer<typeof UploadedFile>;
export const Upload = z.object({ id: Id, files: z.array(UploadedFile) });

/** GET /api/encryption: the encryption page. */
export const EncryptionState = z.object({
  wires: z.array(
    z.object({
      wire: z.enum(["web", "dicom-tls", "dicom", "hl7-tls", "hl7"]),
      port: z.number().nullable(),
      state: z.enum(["on", "off", "loopback-plain"]),
      tls: z.string().nullable(),
      certificate: z
        .object({ subject: z.string(), issuer: z.string(), sha256: z.string(), notAfter: Instant })
        .nullable(),
    }),
  ),
  stores: z.array(
    z.object({
      store: z.enum(["folder", "own-database", "external-database"]),
      /** What is sealed in one piece: chunks of 64 KiB, or each value. */
      algorithm: z.enum(["AES-256-GCM chunks", "AES-256-GCM values"]),
      sealedObjects: z.number(),
      bytes: z.number(),
    }),
  ),
  keys: z.array(
    z.object({
      kind: z.enum(["master", "organisation", "organisation-retired", "signing", "signing-foreign"]),
      /** The master key's own ID, or that of the one it is wrapped by; null where another key of the organisation wraps it. */
      master: z.string().nullable(),
      version: z.number(),
      createdAt: Instant,
      where: z.enum(["file", "database"]),
    }),
  ),
  backup: z.object({ lastAt: Instant.nullable(), sha256: z.string().nullable(), keyKeptElsewhere: z.boolean() }),
  witnesses: z.array(
    z.object({ kind: z.enum(["folder", "mail", "export", "backup"]), lastAt: Instant.nullable(), size: z.number() }),
  ),
});
export type EncryptionState = z.infer<typeof EncryptionState>;

/**
 * Reports. GET /api/studies/:owner/:id/report; PUT saves a draft; POST …/report/take-over { version, sha256 } makes another's
 * draft one's own; POST …/report/sign { status, version, sha256 }; GET …/report.pdf. Where it moved on meanwhile the answer is
 * 409 `state.conflict`, and `place` says why: `report-changed`, `draft-of-another`, `report-final`, …
 */
export const ReportText = z.object({
  indication: z.string().max(20_000).default(""),
  comparison: z.string().max(20_000).default(""),
  findings: z.string().max(100_000).default(""),
  impression: z.string().max(20_000).default(""),
});
export type ReportText = z.infer<typeof ReportText>;
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Exactly what somebody has before their eyes: a version (0: nothing is written yet) and the SHA-256 of its text (RFC 8785 JSON of its sections). */
export const ReportRead = z.object({ version: z.number().int().min(0), sha256: Sha256 });
export type ReportRead = z.infer<typeof ReportRead>;
/** PUT …/report: the text and the version it goes on from, 0 where nothing is written. The answer is what was kept. */
export const SaveDraft = ReportText.extend({ base: z.number().int().min(0) });
export const Report = z.object({
  version: z.number().int(),
  status: ReportState,
  text: ReportText,
  /** Of `text`. */
  sha256: Sha256,
  author: z.string(),
  signedAt: Instant.nullable(),
  updatedAt: Instant.nullable(),
  /** What was written since the last signing, for those who write; a final report stays `text` until its addendum is signed. */
  draft: ReportRead.extend({ text: ReportText, author: z.string(), mine: z.boolean(), at: Instant })
    .nullable()
    .default(null),
  can: z.object({ edit: Verdict, sign: Verdict, takeOver: Verdict }),
  versions: z.array(z.object({ version: z.number(), status: z.string(), author: z.string(), at: Instant })),
});
export type Report = z.infer<typeof Report>;
export const SignReport = ReportRead.extend({ status: z.enum(["preliminary", "final", "addendum"]) });
export type SignReport = z.infer<typeof SignReport>;

/** A measurement or remark on an image: its points in millimetres of patient space, or of the image where it has none. */
export const Marking = z.object({
  id: z.string().min(1).max(64),
  kind: z.enum(["length", "angle", "ellipse", "rectangle", "arrow"]),
  sop: z.string().min(1).max(64),
  frame: z.number().int().min(1),
  points: z
    .array(z.tuple([z.number(), z.number(), z.number()]))
    .min(1)
    .max(8),
  /** What an arrow says. */
  text: z.string().max(200),
  /** What was measured, as it stood beside it. */
  value: z.string().max(100),
});
export type Marking = z.infer<typeof Marking>;
/** GET and PUT /api/studies/:owner/:id/markings: one's own on this study. A PUT replaces them. */
export const Markings = z.object({ markings: z.array(Marking).max(500) });
export type Markings = z.infer<typeof Markings>;

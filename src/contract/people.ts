import { z } from "zod";
import { Id, Instant, Name, Purpose, Role, TokenScope } from "#contract/words.ts";

/** GET /api/session: who is signed in, where, as what. 401 when nobody is. */
export const OrganisationCard = z.object({
  id: Id,
  name: z.string(),
  kind: z.string(),
  colour: z.string(),
  logo: z.string().nullable(),
  languages: z.array(z.string()),
  jurisdiction: z.string(),
});
export type OrganisationCard = z.infer<typeof OrganisationCard>;

export const Session = z.object({
  person: z.object({ id: Id, displayName: z.string(), email: z.string() }),
  organisation: OrganisationCard,
  roles: z.array(Role),
  memberships: z.array(z.object({ organisation: OrganisationCard, roles: z.array(Role) })),
  purpose: Purpose,
  idleMinutes: z.number(),
  factor: z.enum(["password+totp", "passkey"]),
  /** Their sign-in was reset less than a day ago: until then files, keys and appointing others wait. */
  restsUntil: Instant.nullable(),
  demo: z.boolean(),
  can: z.object({
    administer: z.boolean(),
    share: z.boolean(),
    report: z.boolean(),
    upload: z.boolean(),
    audit: z.boolean(),
  }),
});
export type Session = z.infer<typeof Session>;

/** POST /api/session/organisation { organisation } → Session: work for another of one's organisations. */
export const SwitchOrganisation = z.object({ organisation: Id });

/**
 * Sign-in goes through better-auth's routes under /api/auth: POST sign-in/email, two-factor/verify-totp, two-factor/verify-backup-code,
 * two-factor/enable, passkey/verify-authentication, passkey/verify-registration, passkey/delete-passkey, change-password, sign-out;
 * GET passkey/generate-authenticate-options, passkey/generate-register-options, passkey/list-user-passkeys. A refusal is 401
 * sign-in.failed or 429 rate.limited. A request with the header `safelight-idle: 1` does not count as activity.
 */
export const AfterPassword = z.union([
  z.object({ twoFactorRedirect: z.literal(true) }),
  z.object({ user: z.object({ twoFactorEnabled: z.literal(false) }) }),
]);
export type AfterPassword = z.infer<typeof AfterPassword>;

/**
 * GET /api/people → PersonRow[] (who was only invited stands there under the invitation's ID); POST /api/people (Invite) → PersonRow; DELETE /api/people/:id dismisses or withdraws an invitation;
 * roles by PUT /api/people/:id/roles → PersonRow; POST /api/people/:id/reset takes password and second factor away and invites anew
 * (by a second administrator, never for oneself, nor for who works for another organisation too).
 */
export const PersonRow = z.object({
  id: Id,
  email: z.string(),
  displayName: z.string(),
  roles: z.array(Role),
  status: z.enum(["active", "invited", "dismissed"]),
  lastSeenAt: Instant.nullable(),
});
export type PersonRow = z.infer<typeof PersonRow>;
export const Invite = z.object({
  email: z.email().max(254),
  displayName: Name,
  role: Role,
});
export const SetRoles = z.object({ roles: z.array(Role).max(6) });
/** POST /api/invitation/look { secret } → card; POST /api/invitation/accept (AcceptInvitation) → AfterPassword: enrolment or code follow. `displayName`: what a newcomer is called, as the inviter wrote it unless given; who has an account keeps their name. Closed: 404 link.closed. */
export const LookInvitation = z.object({ secret: z.string().min(20).max(200) });
export const InvitationCard = z.object({
  organisation: OrganisationCard,
  email: z.string(),
  displayName: z.string(),
  role: Role,
});
export const AcceptInvitation = z.object({
  secret: z.string().min(20).max(200),
  password: z.string().min(12).max(256),
  displayName: Name.optional(),
});
/** PUT /api/account/name: what one is called, everywhere one works; on the record there. */
export const ChangeName = z.object({ displayName: Name });

/**
 * GET /api/devices → DeviceRow[], POST → CreatedDevice, DELETE /api/devices/:id (revoke). A new device gets its key once; one that
 * brings its own certificate waits until it has called the title in `pairing`.
 */
export const DeviceRow = z.object({
  id: Id,
  aeTitle: z.string(),
  description: z.string(),
  services: z.array(z.string()),
  host: z.string().nullable(),
  port: z.number().nullable(),
  certificateSha256: z.string().nullable(),
  notAfter: Instant.nullable(),
  lastSeenAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
  pairing: z.string().nullable(),
});
export type DeviceRow = z.infer<typeof DeviceRow>;
export const AeTitle = z
  .string()
  .trim()
  .min(1)
  .max(16)
  .regex(/^[\x20-\x5b\x5d-\x7e]+$/, "an AE title has 1 to 16 printable characters, no backslash");
export const CreateDevice = z.object({
  aeTitle: AeTitle,
  description: z.string().max(200).default(""),
  certificate: z.string().max(20000).optional(),
  query: z.boolean().default(false),
  host: z.string().max(253).optional(),
  port: z.number().int().min(1).max(65535).optional(),
});
export const CreatedDevice = z.object({
  device: DeviceRow,
  certificate: z.string(),
  key: z.string().nullable(),
  authority: z.string(),
});

/** GET /api/partners → AgreementRow[], POST → AgreementRow; POST /api/partners/:id/end → AgreementEnded: what rested on it has ended too. */
export const AgreementRow = z.object({
  id: Id,
  partner: OrganisationCard,
  kind: z.string(),
  reference: z.string(),
  purposes: z.array(Purpose),
  countries: z.array(z.string()),
  from: Instant,
  until: Instant,
  endedAt: Instant.nullable(),
  grants: z.number().int(),
  given: z.boolean(),
});
export type AgreementRow = z.infer<typeof AgreementRow>;
export const RecordAgreement = z.object({
  partner: z.string().min(1).max(120),
  kind: z.enum(["operator", "processor", "business-associate", "joint-care"]),
  reference: z.string().max(200).default(""),
  purposes: z.array(Purpose).min(1),
  countries: z.array(z.string().regex(/^[A-Z]{2}$/)).default([]),
  from: Instant,
  until: Instant,
});

export const AgreementEnded = z.object({ stopped: z.number().int() });

/** GET /api/tokens → TokenRow[], POST → CreatedToken, DELETE /api/tokens/:id: machines. The secret is shown once. */
export const TokenRow = z.object({
  id: Id,
  name: z.string(),
  scopes: z.array(TokenScope),
  purpose: Purpose,
  createdAt: Instant,
  expiresAt: Instant,
  lastUsedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
});
export const CreateToken = z.object({
  name: z.string().trim().min(1).max(120),
  scopes: z.array(TokenScope).min(1),
  purpose: Purpose.default("care"),
  expiresInDays: z.number().int().min(1).max(365).default(90),
});

export const CreatedToken = z.object({ row: TokenRow, token: z.string() });

/** GET/PUT /api/organisation: name, colours, logo, languages, limits. */
export const OrganisationSettings = z.object({
  name: Name,
  colour: z.string().regex(/^#[0-9a-f]{6}$/),
  logo: z
    .string()
    .max(90_000)
    .regex(/^data:image\/(svg\+xml|png);base64,[A-Za-z0-9+/]+=*$/, "an SVG or PNG picture of at most 64 KiB")
    .nullable(),
  languages: z.array(z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/)).min(1),
  idleMinutes: z.number().int().min(1).max(60),
  linkMaxDays: z.number().int().min(1).max(365),
});

/**
 * First start, by the link that the server printed, on this machine or over TLS. GET /api/setup → SetupState; POST /api/setup/begin
 * (BeginSetup) → SetupBegun, enrolment of the second factor may follow; POST /api/setup/recovery { secret } → SetupBegun shows the
 * recovery key again where set-up was interrupted; POST /api/setup/finish (FinishSetup) → SetupState "done".
 */
export const SetupState = z.object({ state: z.enum(["open", "recovery-key", "done"]) });
export const BeginSetup = z.object({
  secret: z.string().min(20).max(200),
  organisation: Name,
  jurisdiction: z.string().regex(/^[A-Z]{2}$/),
  email: z.email(),
  displayName: Name,
  password: z.string().min(12).max(256),
});
export const SetupBegun = z.object({ recoveryKey: z.string() });
export const SetupSecret = z.object({ secret: z.string().min(20).max(200) });
export const FinishSetup = SetupSecret.extend({ recoveryKeySaved: z.literal(true) });
/** GET /api/demo/doors (demo only): the four doors; POST /api/demo/enter { door } signs in as that demo person or answers the patient's link. */
export const DemoDoors = z.object({
  doors: z.array(
    z.object({ door: z.enum(["patient", "referrer", "radiologist", "clinic"]), title: z.string(), text: z.string() }),
  ),
});
export const DemoEntered = z.object({ go: z.string() });
/** GET /api/demo/outbox → DemoLetter[], newest first: what a mail server would have been given. */
export const DemoLetter = z.object({
  id: Id,
  to: z.string(),
  subject: z.string(),
  body: z.string(),
  at: Instant,
});
export type DemoLetter = z.infer<typeof DemoLetter>;

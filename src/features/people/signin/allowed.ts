import { z } from "zod";
import { PASSWORD_LENGTH } from "./credentials.ts";
import type { Factor } from "./sessions.ts";

/**
 * Who may ask: anyone; whoever passed the password and owes the second factor; whoever has a password and no second factor yet;
 * whoever is signed in.
 */
export type Stage = "anyone" | "second-step" | "enrolling" | "signed-in";

export type AllowedRoute = {
  method: "GET" | "POST";
  /** Below /api/auth, as better-auth calls it. */
  path: string;
  stage: Stage;
  body?: z.ZodType;
  /** Whoever is signed in gives their password once more: a wrong one counts as at the sign-in. */
  asksPassword?: true;
  /** A success of this route is a sign-in by this factor. */
  proves?: Factor;
  /** What is told of better-auth's answer; everything else of it stays here, its session token above all. */
  answer: (said: unknown) => unknown;
};

const password = z.string().min(1).max(PASSWORD_LENGTH.most);
const response = z.record(z.string(), z.unknown());
const object = z.record(z.string(), z.unknown());
const nothing = (): unknown => ({});

const Passkeys = z.array(
  z.object({ id: z.string(), name: z.string().nullish(), createdAt: z.union([z.date(), z.string()]).nullish() }),
);
const Enrolment = z.object({ totpURI: z.string(), backupCodes: z.array(z.string()) });
const AfterPassword = z.object({ twoFactorRedirect: z.literal(true).optional() });

/** Every route of better-auth that is open, and what of its body is passed on. Whatever is not here answers 404. */
export const ALLOWED: readonly AllowedRoute[] = [
  {
    method: "POST",
    path: "/sign-in/email",
    stage: "anyone",
    body: z.object({ email: z.email().max(254), password }),
    answer: (said) =>
      AfterPassword.parse(said).twoFactorRedirect === true
        ? { twoFactorRedirect: true }
        : { user: { twoFactorEnabled: false } },
  },
  {
    method: "POST",
    path: "/two-factor/verify-totp",
    stage: "second-step",
    body: z.object({ code: z.string().regex(/^\d{6}$/, "six digits") }),
    proves: "password+totp",
    answer: nothing,
  },
  {
    method: "POST",
    path: "/two-factor/verify-backup-code",
    stage: "second-step",
    body: z.object({ code: z.string().trim().min(6).max(40) }),
    proves: "password+totp",
    answer: nothing,
  },
  {
    method: "POST",
    path: "/two-factor/enable",
    stage: "enrolling",
    body: z.object({ password }),
    answer: (said) => Enrolment.parse(said),
  },
  {
    method: "GET",
    path: "/passkey/generate-authenticate-options",
    stage: "anyone",
    answer: (said) => ({ ...object.parse(said), userVerification: "required" }),
  },
  {
    method: "POST",
    path: "/passkey/verify-authentication",
    stage: "anyone",
    body: z.object({ response }),
    proves: "passkey",
    answer: nothing,
  },
  {
    method: "GET",
    path: "/passkey/generate-register-options",
    stage: "signed-in",
    answer: (said) => object.parse(said),
  },
  {
    method: "POST",
    path: "/passkey/verify-registration",
    stage: "signed-in",
    body: z.object({ response, name: z.string().trim().max(60).optional() }),
    answer: (said) => z.object({ id: z.string() }).parse(said),
  },
  { method: "GET", path: "/passkey/list-user-passkeys", stage: "signed-in", answer: (said) => Passkeys.parse(said) },
  {
    method: "POST",
    path: "/passkey/delete-passkey",
    stage: "signed-in",
    body: z.object({ id: z.string().min(1).max(64) }),
    answer: nothing,
  },
  {
    method: "POST",
    path: "/change-password",
    stage: "signed-in",
    asksPassword: true,
    body: z
      .object({ currentPassword: password, newPassword: password.min(PASSWORD_LENGTH.least) })
      .transform((body) => ({ ...body, revokeOtherSessions: true })),
    answer: nothing,
  },
];

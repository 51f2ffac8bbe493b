import { z } from "zod";
import { AfterPassword } from "#contract/people.ts";
import { ask, Nothing, Refused } from "../api.ts";

/** Credentials go through the routes under /api/auth; nothing of them is kept in the page longer than the form lives. */

/** Signing in by password never suffices: a code follows, or the enrolment of the second factor. */
export type NextStep = "code" | "enrol";
const nextStep = (answer: AfterPassword): NextStep => ("twoFactorRedirect" in answer ? "code" : "enrol");

export async function withPassword(email: string, password: string): Promise<NextStep> {
  return nextStep(await ask("/api/auth/sign-in/email", AfterPassword, { body: { email, password }, quiet401: true }));
}

export async function acceptInvitation(secret: string, password: string, displayName: string): Promise<NextStep> {
  const body = { secret, password, displayName };
  return nextStep(await ask("/api/invitation/accept", AfterPassword, { body, quiet401: true }));
}

export const withTotp = (code: string) =>
  ask("/api/auth/two-factor/verify-totp", Nothing, { body: { code }, quiet401: true });

export const withBackupCode = (code: string) =>
  ask("/api/auth/two-factor/verify-backup-code", Nothing, { body: { code }, quiet401: true });

const Enrolment = z.object({ totpURI: z.string(), backupCodes: z.array(z.string()) });
export type Enrolment = z.infer<typeof Enrolment>;

export const enrolTotp = (password: string) =>
  ask("/api/auth/two-factor/enable", Enrolment, { body: { password }, quiet401: true });

export const signOut = () => ask("/api/auth/sign-out", Nothing, { body: {}, quiet401: true });

/** Asks the browser for a passkey and lets the server check it; throws `Refused` "passkey.failed" when the person turned away. */
export async function withPasskey(): Promise<void> {
  const { startAuthentication } = await import("@simplewebauthn/browser");
  const options = await ask(
    "/api/auth/passkey/generate-authenticate-options",
    z.looseObject({ challenge: z.string() }),
    {
      quiet401: true,
    },
  );
  const response = await startAuthentication({ optionsJSON: options as never }).catch(turnedAway);
  await ask("/api/auth/passkey/verify-authentication", Nothing, { body: { response }, quiet401: true });
}

/** Adds a passkey of this device to the signed-in person. */
export async function addPasskey(name: string): Promise<void> {
  const { startRegistration } = await import("@simplewebauthn/browser");
  const options = await ask("/api/auth/passkey/generate-register-options", z.looseObject({ challenge: z.string() }));
  const response = await startRegistration({ optionsJSON: options as never }).catch(turnedAway);
  await ask("/api/auth/passkey/verify-registration", Nothing, { body: { response, name } });
}

const Passkey = z.looseObject({ id: z.string(), name: z.string().nullish(), createdAt: z.string().nullish() });
export const listPasskeys = () => ask("/api/auth/passkey/list-user-passkeys", z.array(Passkey));
export const deletePasskey = (id: string) => ask("/api/auth/passkey/delete-passkey", Nothing, { body: { id } });

function turnedAway(): never {
  throw new Refused(0, { code: "passkey.failed", message: "" });
}

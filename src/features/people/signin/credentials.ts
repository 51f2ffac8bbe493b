import { passkey } from "@better-auth/passkey";
import { type BetterAuthOptions, betterAuth } from "better-auth";
import { APIError } from "better-auth/api";
import { twoFactor } from "better-auth/plugins/two-factor";
import type pg from "pg";
import { Hidden } from "#kit/hidden.ts";
import { hashLowEntropy, verifyLowEntropy } from "#trust/tokens/low-entropy.ts";

export type CredentialNeeds = {
  /** Connections of the role safelight_auth. */
  pool: pg.Pool;
  /** Signs better-auth's cookies and seals its TOTP secrets; lies in no database. */
  secret: Hidden<string>;
  /** The address people type: passkeys belong to its host name and origin. */
  publicUrl: string;
  secure: boolean;
  passwords: Passwords;
};

/** How passwords are kept. */
export type Passwords = {
  hash(password: Hidden<string>): Promise<string>;
  verify(password: Hidden<string>, hash: string): Promise<boolean>;
};

/** scrypt with a pepper that lies in no database. */
export const slowPasswords = (pepper: Hidden<Uint8Array>): Passwords => ({
  hash: (password) => hashLowEntropy(password, { pepper }),
  verify: (password, hash) => verifyLowEntropy(password, hash, { pepper }),
});

export const AUTH_PATH = "/api/auth";
/** Nobody stays signed in for longer, however busy. */
export const ABSOLUTE_SECONDS = 12 * 3600;
export const PASSWORD_LENGTH = { least: 12, most: 256 } as const;
const CHALLENGE_SECONDS = 600;

/** better-auth's cookies by what they carry; a browser is only ever given those of a sign-in that is under way. */
export const cookieNames = (secure: boolean) => {
  const prefix = secure ? "__Host-safelight-auth" : "safelight-auth";
  return { session: `${prefix}.session_token`, pending: `${prefix}.two_factor`, passkey: `${prefix}.passkey` } as const;
};

export type Auth = ReturnType<typeof openCredentials>;

/**
 * better-auth for credentials and sessions only (decision 7): password with TOTP, passkeys with user verification. What it can
 * do beyond that is switched off here and closed once more by the route table of `routes.ts`.
 */
export function openCredentials(needs: CredentialNeeds) {
  return betterAuth(optionsOf(needs));
}

function optionsOf({ pool, secret, publicUrl, secure, passwords }: CredentialNeeds) {
  const names = cookieNames(secure);
  const { origin, hostname } = new URL(publicUrl);
  return {
    appName: "Safelight",
    baseURL: origin,
    basePath: AUTH_PATH,
    secret: secret.reveal(),
    database: pool,
    telemetry: { enabled: false },
    logger: { disabled: true },
    onAPIError: { throw: true }, // what is no refusal comes to us instead of to the console, where it could quote an address
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      autoSignIn: false,
      minPasswordLength: PASSWORD_LENGTH.least,
      maxPasswordLength: PASSWORD_LENGTH.most,
      password: {
        hash: (password) => passwords.hash(new Hidden(password)),
        verify: ({ hash, password }) => passwords.verify(new Hidden(password), hash),
      },
    },
    session: {
      expiresIn: ABSOLUTE_SECONDS,
      disableSessionRefresh: true,
      freshAge: ABSOLUTE_SECONDS,
      cookieCache: { enabled: false },
    },
    verification: { storeIdentifier: "hashed" },
    account: { accountLinking: { enabled: false } },
    user: { changeEmail: { enabled: false }, deleteUser: { enabled: false } },
    rateLimit: { enabled: false }, // ours are counted in the database, for all nodes
    advanced: {
      useSecureCookies: false, // the prefix __Host- says more than __Secure-
      cookiePrefix: secure ? "__Host-safelight-auth" : "safelight-auth",
      defaultCookieAttributes: { httpOnly: true, secure, sameSite: "strict", path: "/" },
      ipAddress: { disableIpTracking: true },
    },
    plugins: [
      twoFactor({
        issuer: "Safelight",
        twoFactorCookieMaxAge: CHALLENGE_SECONDS,
        trustDeviceMaxAge: 1,
        accountLockout: { enabled: true, maxFailedAttempts: 10, durationSeconds: 900 },
        backupCodeOptions: { storeBackupCodes: "encrypted" },
      }),
      passkey({
        rpID: hostname,
        rpName: "Safelight",
        origin,
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        advanced: { webAuthnChallengeCookie: names.passkey.split(".")[1] ?? "passkey" },
        registration: {
          afterVerification: ({ verification }) =>
            Promise.resolve(needUserVerification(verification.registrationInfo?.userVerified)),
        },
        authentication: {
          afterVerification: ({ verification }) => needUserVerification(verification.authenticationInfo.userVerified),
        },
      }),
    ],
  } satisfies BetterAuthOptions;
}

/** The plugin itself would take a passkey that was only present; one that did not check its user is one factor, not two. */
function needUserVerification(verified: boolean | undefined): undefined {
  if (verified !== true)
    throw new APIError("UNAUTHORIZED", {
      message: "The passkey did not check who holds it.",
      code: "USER_NOT_VERIFIED",
    });
}

import { createHash } from "node:crypto";
import { constantTimeEqual, makeSignature } from "better-auth/crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Hidden } from "#kit/hidden.ts";
import { hostCookie, readCookie, setCookie } from "#platform/http/cookies.ts";
import { ABSOLUTE_SECONDS, cookieNames } from "./credentials.ts";
import type { AuthStore } from "./store.ts";

/** How long a first sign-in may take from the password to the second factor's enrolment. */
export const ENROLMENT_SECONDS = 1800;

type Needs = { secure: boolean; secret: Hidden<string>; store: AuthStore };

/** What lies in the browser: our own cookie after both factors; better-auth's only while a sign-in is under way. */
export class Browser {
  readonly names: ReturnType<typeof cookieNames>;
  readonly own: string;
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.names = cookieNames(needs.secure);
    this.own = hostCookie("safelight", needs.secure);
  }

  /** The value of the cookie that opens everything. */
  proofOf(request: FastifyRequest): string | undefined {
    return readCookie(request, this.own);
  }

  /** A cookie of better-auth, as it was signed. */
  signedOf(request: FastifyRequest, which: keyof ReturnType<typeof cookieNames>): string | undefined {
    return readCookie(request, this.names[which]);
  }

  /** What a signed cookie says, if better-auth signed it here. */
  async unsigned(signed: string | undefined): Promise<string | null> {
    const text = safelyDecoded(signed ?? "");
    const at = text.lastIndexOf(".");
    if (at < 1 || text.length > 500) return null;
    const value = text.slice(0, at);
    const expected = await makeSignature(value, this.#needs.secret.reveal());
    return constantTimeEqual(text.slice(at + 1), expected) ? value : null;
  }

  /** The cookie by which better-auth knows a session that we have proved. */
  async signedSession(token: string): Promise<string> {
    const signature = await makeSignature(token, this.#needs.secret.reveal());
    return `${this.names.session}=${encodeURIComponent(`${token}.${signature}`)}`;
  }

  /** Whose password was right and whose second factor is awaited, by the cookie of that challenge. */
  async pendingUser(request: FastifyRequest): Promise<string | null> {
    const identifier = await this.unsigned(this.signedOf(request, "pending"));
    if (identifier === null) return null;
    const { rows } = await this.#needs.store.query<{ value: string }>(
      `select "value" from "verification" where "identifier" = $1 and "expiresAt" > now()`,
      [createHash("sha256").update(identifier).digest("base64url")],
    );
    return rows[0]?.value ?? null;
  }

  /** Signed in: our cookie, and nothing of the sign-in stays behind. */
  admit(reply: FastifyReply, proof: Hidden<string>): void {
    add(reply, setCookie(this.own, proof.reveal(), { secure: this.#needs.secure, seconds: ABSOLUTE_SECONDS }));
    this.forgetSteps(reply);
  }

  /** A password was right where no second factor is enrolled yet: enough to enrol one, for half an hour. */
  letEnrol(reply: FastifyReply, signed: string): void {
    add(reply, setCookie(this.names.session, signed, { secure: this.#needs.secure, seconds: ENROLMENT_SECONDS }));
  }

  /** A cookie line of better-auth for a challenge, passed on. */
  passOn(reply: FastifyReply, line: string): void {
    add(reply, line);
  }

  forgetSteps(reply: FastifyReply): void {
    for (const name of Object.values(this.names)) this.#remove(reply, name);
  }

  leave(reply: FastifyReply): void {
    this.#remove(reply, this.own);
    this.forgetSteps(reply);
  }

  #remove(reply: FastifyReply, name: string): void {
    add(reply, setCookie(name, "", { secure: this.#needs.secure, seconds: 0 }));
  }
}

function add(reply: FastifyReply, line: string): void {
  void reply.header("set-cookie", line); // Fastify gathers these
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** Name and value of a Set-Cookie line; null for one that only removes. */
export function cookieIn(line: string): { name: string; value: string } | null {
  const [pair = ""] = line.split(";", 1);
  const at = pair.indexOf("=");
  const value = pair.slice(at + 1).trim();
  if (at < 1 || value === "" || /;\s*max-age=0\b/i.test(line)) return null;
  return { name: pair.slice(0, at).trim(), value };
}

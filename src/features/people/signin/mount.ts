import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AfterPassword } from "#contract/people.ts";
import { parseInput } from "#features/audit/action.ts";
import { Fault } from "#kit/fault.ts";
import { refuseCrossSite } from "#platform/http/origin.ts";
import { sourceOf } from "#platform/http/source.ts";
import { databaseFault } from "#platform/postgres/faults.ts";
import { ALLOWED, type AllowedRoute } from "./allowed.ts";
import { ACCOUNT, ADDRESS, type Limit } from "./attempts.ts";
import { cookieIn } from "./browser.ts";
import { AUTH_PATH } from "./credentials.ts";
import type { About, Happening } from "./journal.ts";
import { actorOf, type SignedIn } from "./person-door.ts";
import type { Signin } from "./signin.ts";
import { takeCode } from "./totp.ts";

/** What a request may go on with: the cookies better-auth gets to see, and who it is about as far as that is known. */
type Pass = { cookies: string[]; user: string | null; signedIn: SignedIn | null };
type Step = {
  signin: Signin;
  route: AllowedRoute;
  request: FastifyRequest;
  reply: FastifyReply;
  body: Record<string, unknown> | undefined;
};

/** better-auth behind its list of open routes (decision 7); the rest of /api/auth answers 404 like every unknown route. */
export function addSigninRoutes(app: FastifyInstance, signin: Signin): void {
  for (const route of ALLOWED) {
    app.route({
      method: route.method,
      url: AUTH_PATH + route.path,
      handler: async (request, reply) => {
        const began = Date.now();
        try {
          refuseCrossSite(request, signin.publicUrl());
          return await serve({ signin, route, request, reply, body: bodyOf(route, request) });
        } catch (thrown) {
          if (route.stage !== "signed-in" && route.method === "POST")
            await delay(Math.max(0, began + signin.refusalMs - Date.now()));
          throw thrown;
        }
      },
    });
  }
  app.post(`${AUTH_PATH}/sign-out`, (request, reply) => signOut(signin, request, reply));
}

function bodyOf(route: AllowedRoute, request: FastifyRequest): Record<string, unknown> | undefined {
  return route.body === undefined ? undefined : (parseInput(route.body, request.body ?? {}) as Record<string, unknown>);
}

async function serve(step: Step): Promise<unknown> {
  const { signin, route, request, body } = step;
  refuseCrossSite(request, signin.publicUrl());
  if (route.method === "POST" && route.stage !== "signed-in") await within(step, ADDRESS, sourceOf(request.ip), null);
  const pass = await passOf(step);
  const about = aboutOf(pass, body);
  const account = await signin.accountOf(pass.user === null ? about : { user: pass.user });
  const guessed = route.stage !== "signed-in" || route.asksPassword === true;
  const last = account !== null && guessed && (await within(step, ACCOUNT, account, about));
  const answer = (await codeHolds(step, pass)) ? await ask(step, pass) : null;
  if (answer === null || !answer.ok) {
    await refused(step, about, last);
    throw failed();
  }
  return succeeded(step, pass, answer, account);
}

/** Counts against a limit. @throws Fault rate.limited when it is used up; @returns whether this was the last that was left */
async function within(step: Step, limit: Limit, source: string, about: About | null): Promise<boolean> {
  const allowance = await step.signin.attempts.count(limit, source);
  if (allowance.allowed) return allowance.last;
  if (about !== null) await note(step, about, { action: "sign-in", outcome: "refused", because: "locked" });
  void step.reply.header("retry-after", String(allowance.seconds));
  throw new Fault("rate.limited", "Too many wrong tries; sign-in is closed here for a while.");
}

/** Which of the browser's cookies better-auth may see at this route. Its session cookie counts only before the second factor. */
async function passOf({ signin, route, request }: Step): Promise<Pass> {
  const { browser } = signin;
  const plain = (which: "pending" | "passkey"): string[] => {
    const signed = browser.signedOf(request, which);
    return signed === undefined ? [] : [`${browser.names[which]}=${signed}`];
  };
  switch (route.stage) {
    case "anyone":
      return { cookies: plain("passkey"), user: null, signedIn: null };
    case "second-step": {
      const user = await browser.pendingUser(request);
      if (user !== null) return { cookies: plain("pending"), user, signedIn: null };
      return enrolling(signin, request);
    }
    case "enrolling":
      return enrolling(signin, request);
    case "signed-in": {
      const signedIn = await signin.signedIn(request);
      if (signedIn === null) throw new Fault("sign-in.required", "Sign in first.");
      const cookies = [...plain("passkey"), await browser.signedSession(signedIn.session.token)];
      return { cookies, user: signedIn.session.user, signedIn };
    }
  }
}

/** A session that a password alone has opened may enrol a second factor and do nothing else; where one is enrolled it is worth nothing. */
async function enrolling(signin: Signin, request: FastifyRequest): Promise<Pass> {
  const { browser } = signin;
  const signed = browser.signedOf(request, "session");
  const token = await browser.unsigned(signed);
  const session = token === null ? null : await signin.sessions.byToken(token);
  if (session === null || session.enrolled) throw failed();
  return { cookies: [`${browser.names.session}=${signed}`], user: session.user, signedIn: null };
}

function aboutOf(pass: Pass, body: Record<string, unknown> | undefined): About | null {
  if (pass.signedIn !== null) return { actor: actorOf(pass.signedIn) };
  if (pass.user !== null) return { user: pass.user };
  return typeof body?.email === "string" ? { email: body.email } : null;
}

/** A TOTP code counts once (RFC 6238 §5.2); every other answer is better-auth's to judge. */
async function codeHolds({ signin, route, body }: Step, { user }: Pass): Promise<boolean> {
  if (route.path !== "/two-factor/verify-totp") return true;
  return user !== null && takeCode(signin.place, user, String(body?.code));
}

async function ask({ signin, route, body, request }: Step, { cookies }: Pass): Promise<Response> {
  const { origin } = new URL(signin.publicUrl());
  const headers = new Headers({ origin, accept: "application/json" });
  if (cookies.length > 0) headers.set("cookie", cookies.join("; "));
  if (body !== undefined) headers.set("content-type", "application/json");
  const asked = new Request(origin + AUTH_PATH + route.path, {
    method: request.method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  try {
    const answer = await signin.auth().handler(asked);
    if (answer.status < 500) return answer;
  } catch (error) {
    throw databaseFault(error);
  }
  throw new Fault("internal", "The sign-in failed here; it is in the server's log.");
}

async function refused(step: Step, about: About | null, last: boolean): Promise<void> {
  const because = step.route.path.split("/").at(-1) ?? "";
  if (about === null)
    return step.signin.journal.note({ email: "" }, step.request.ip, { action: "sign-in", outcome: "refused", because });
  await note(step, about, { action: "sign-in", outcome: "refused", because });
  if (last) await note(step, about, { action: "sign-in.lock", outcome: "done", because: "too-many" });
}

const note = (step: Step, about: About, happening: Happening): Promise<void> =>
  step.signin.journal.note(about, step.request.ip, happening);

async function succeeded(step: Step, pass: Pass, answer: Response, account: string | null): Promise<unknown> {
  const { signin, route, reply } = step;
  const lines = answer.headers.getSetCookie();
  const session = lines.map(cookieIn).find((cookie) => cookie?.name === signin.browser.names.session);
  for (const line of lines) {
    const name = cookieIn(line)?.name;
    if (name === signin.browser.names.pending || name === signin.browser.names.passkey)
      signin.browser.passOn(reply, line);
  }
  if (session) await newSession(step, session.value, pass, account);
  else if (route.proves !== undefined) throw failed(); // better-auth found nothing to open
  if (pass.signedIn !== null) await noteChange(step, pass.signedIn);
  if (route.asksPassword === true && account !== null) await signin.attempts.forget(ACCOUNT, account);
  return route.answer(await answer.json());
}

/** The password step of a sign-in, for whoever has just chosen that password. */
export async function signInByPassword(
  signin: Signin,
  request: FastifyRequest,
  reply: FastifyReply,
  body: { email: string; password: string },
): Promise<AfterPassword> {
  const route = ALLOWED.find(({ path }) => path === "/sign-in/email");
  if (route === undefined) throw new Fault("internal", "the password route is gone");
  return AfterPassword.parse(await serve({ signin, route, request, reply, body }));
}

/** better-auth has made a session: after the second factor it opens everything, after a password alone only the enrolment. */
async function newSession(step: Step, signed: string, pass: Pass, account: string | null): Promise<void> {
  const { signin, route, reply, request } = step;
  const token = await signin.browser.unsigned(signed);
  const session = token === null ? null : await signin.sessions.byToken(token);
  if (session === null) throw failed();
  if (pass.signedIn !== null) return signin.admit(reply, session, pass.signedIn.session);
  if (route.proves === undefined) {
    if (session.enrolled) throw failed();
    return signin.browser.letEnrol(reply, signed);
  }
  const organisation = await signin.workplaceOf(session.user);
  if (organisation === null) {
    await signin.sessions.end(session.id);
    await note(step, { user: session.user }, { action: "sign-in", outcome: "refused", because: "dismissed" });
    throw failed();
  }
  await signin.admit(reply, session, { factor: route.proves, organisation });
  await signin.attempts.forgive(ADDRESS, sourceOf(request.ip));
  const email = account ?? (await signin.accountOf({ user: session.user }));
  if (email !== null) await signin.attempts.forget(ACCOUNT, email);
  const enrolled = signin.browser.signedOf(request, "pending") === undefined && route.proves === "password+totp";
  if (enrolled) await note(step, { user: session.user }, { action: "factor.enrol", outcome: "done", because: "totp" });
  await note(
    step,
    { user: session.user },
    { action: "sign-in", outcome: "done", because: route.proves.replace("+", "-") },
  );
}

const CHANGES: Readonly<Record<string, Happening["action"]>> = {
  "/passkey/verify-registration": "passkey.add",
  "/passkey/delete-passkey": "passkey.remove",
  "/change-password": "password.change",
};

async function noteChange(step: Step, signedIn: SignedIn): Promise<void> {
  const action = CHANGES[step.route.path];
  if (action !== undefined) await note(step, { actor: actorOf(signedIn) }, { action, outcome: "done", because: "own" });
}

async function signOut(signin: Signin, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  refuseCrossSite(request, signin.publicUrl());
  const proof = signin.browser.proofOf(request);
  const session = proof === undefined ? null : await signin.sessions.open(proof);
  if (session !== null) {
    await signin.sessions.end(session.id);
    await signin.journal.note({ user: session.user }, request.ip, {
      action: "sign-out",
      outcome: "done",
      because: "own",
    });
  }
  signin.browser.leave(reply);
  return reply.send({});
}

/** One answer for a wrong password, an unknown address, a wrong or used code, a passkey that does not hold. */
function failed(): Fault {
  return new Fault("sign-in.failed", "This did not open. Check what you typed, or start again.");
}

import { timingSafeEqual } from "node:crypto";
import type { World } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import { stateOf } from "#features/sharing/access-rules.ts";
import {
  closeSession,
  framesUnderGrant,
  type LinkRecord,
  linkTimes,
  openLinkById,
  openSession,
  resolveLink,
  resolveLinkSession,
  sessionById,
  spendAttempt,
  storeCode,
  touchSession,
} from "#features/sharing/link-queries.ts";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { type Posting, queueMail } from "#platform/mail.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { hashLowEntropy, oneTimeCode, verifyLowEntropy, verifyNothing } from "#trust/tokens/low-entropy.ts";
import { createSecret, hashSecret, parseSecret } from "#trust/tokens/secret.ts";

/** Codes sent for one link in all: enough for a person, too few for a machine. */
const MOST_CODES = 10;
/** Pictures an opening may have drawn: each image some four times and a little, so that scrolling is free and copying is not. */
const budgetOf = (frames: number): number => frames * 4 + 100;
/** Over all openings of a day no more than twice that: opening again gives no new budget. */
const budgetOfDay = (frames: number): number => 2 * budgetOf(frames);
const SESSION_MS = 8 * 3_600_000;

/** Unknown, expired, revoked, used up, closed: one answer. */
export function closed(): Fault {
  return new Fault("link.closed", "This link is not open (any more). Ask the clinic that sent it for a new one.");
}

export function linkActor(
  link: {
    id: string;
    organisation: string;
    rights: readonly LinkRecord["rights"][number][];
    purpose: LinkRecord["purpose"];
  },
  session: string,
): Actor {
  return {
    kind: "link",
    id: link.id,
    organisation: link.organisation,
    rights: link.rights,
    purpose: link.purpose,
    session,
  };
}

/** What a link's first page may show before anything was proved. Counts nothing: mail scanners look too. @throws Fault link.closed */
export async function lookAtLink(world: World, secretText: string): Promise<LinkRecord> {
  const found = await linkOf(world, secretText);
  const link =
    found &&
    (await world.database.read({ organisation: found.organisation, person: null }, (tx) =>
      openLinkById(tx, found.organisation, found.id, false),
    ));
  if (!link || !usable(link)) throw closed();
  return link;
}

/** The link that a secret names, in whatever state it is. */
export async function linkOf(world: World, secretText: string): Promise<{ organisation: string; id: string } | null> {
  const secret = parseSecret("link", secretText);
  return secret ? resolveLink(world.database, hashSecret(secret)) : null;
}

function usable(link: LinkRecord): boolean {
  return link.attemptsLeft > 0 && (link.usesLeft === null || link.usesLeft > 0);
}

/** Sends a fresh one-time code to the address that was given apart. @throws Fault link.closed, rate.limited */
export async function sendCode(world: World, secretText: string): Promise<void> {
  const code = oneTimeCode();
  const hash = await hashLowEntropy(code, { pepper: world.pepper }); // made for strangers too: time does not tell
  const { organisation, id } = await lookAtLink(world, secretText);
  await world.database.transaction({ organisation, person: null }, async (tx) => {
    const link = await openLinkById(tx, organisation, id, true);
    if (!link || !usable(link) || link.challenge !== "code" || link.address === null) throw closed();
    if (link.codesSent >= MOST_CODES)
      throw new Fault("rate.limited", "Too many codes were asked for; ask the clinic for a new link.");
    await storeCode(tx, organisation, id, hash);
    await queueMail(
      { tx, pepper: world.pepper },
      {
        organisation,
        to: link.address,
        subject: "Your code to open the images",
        body: `Your code is ${code.reveal()}. It works for 10 minutes and only with the link you were given. If you did not ask for it, tell the clinic.`,
      },
    );
    await record(world, tx, link, "link.code", "done", "code-sent");
  });
}

/** `left`: the answer was wrong, and so many tries remain. */
export type OpenedLink = { cookie: Hidden<string> } | { left: number };

/** Which browser asks, and the address people type: letters to the sender lead there. */
type Visitor = { userAgent: string; publicUrl: string };

/** Judges the answer to the challenge and opens a session. Wrong answers count; the fifth closes the link. @throws Fault link.closed */
export async function openLink(
  world: World,
  secretText: string,
  answer: string,
  { userAgent, publicUrl }: Visitor,
): Promise<OpenedLink> {
  const found = await linkOf(world, secretText);
  const link =
    found &&
    (await world.database.read({ organisation: found.organisation, person: null }, (tx) =>
      openLinkById(tx, found.organisation, found.id, false),
    ));
  if (!found || !link || !usable(link)) {
    await verifyNothing(new Hidden(answer));
    throw closed();
  }
  const right = await answers(world, link, answer);
  const cookie = createSecret("cookie", world.random);
  const outcome = await world.database.transaction({ organisation: link.organisation, person: null }, async (tx) => {
    const locked = await openLinkById(tx, link.organisation, link.id, true);
    if (!locked || !usable(locked) || (locked.challenge === "code" && !sameCode(locked, link)))
      return "closed" as const;
    if (!right) return wrongAnswer(world, tx, locked, publicUrl);
    const id = uuidv7();
    const frames = await framesUnderGrant(tx, link.organisation, link.grant);
    const expiresAt = new Date(Math.min(tx.now.getTime() + SESSION_MS, locked.until.getTime()));
    await openSession(tx, {
      organisation: link.organisation,
      id,
      link: link.id,
      secretHash: hashSecret(cookie),
      framesLeft: budgetOf(frames),
      framesOfDay: budgetOfDay(frames),
      userAgent: userAgent.slice(0, 200),
      expiresAt,
    });
    await record(world, tx, locked, "link.open", "done", locked.challenge);
    if (locked.notify) await tellSender({ tx, pepper: world.pepper }, locked, "opened", publicUrl);
    return "open" as const;
  });
  if (outcome === "closed") throw closed();
  return outcome === "open" ? { cookie } : outcome;
}

/** A code that was replaced or used while it was being judged is no answer. */
function sameCode(locked: LinkRecord, judged: LinkRecord): boolean {
  const [a, b] = [Buffer.from(locked.codeHash ?? ""), Buffer.from(judged.codeHash ?? "")];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function answers(world: World, link: LinkRecord, answer: string): Promise<boolean> {
  const given = new Hidden(link.challenge === "birth-date" ? answer.replace(/\D/g, "") : answer.trim());
  if (link.challenge !== "code")
    return link.challengeHash === null
      ? verifyNothing(given)
      : verifyLowEntropy(given, link.challengeHash, { pepper: world.pepper });
  const stands = link.codeHash !== null && link.codeExpiresAt !== null && link.codeExpiresAt > new Date();
  return stands && link.codeHash !== null
    ? verifyLowEntropy(given, link.codeHash, { pepper: world.pepper })
    : verifyNothing(given);
}

async function wrongAnswer(
  world: World,
  tx: Tx,
  link: LinkRecord,
  publicUrl: string,
): Promise<{ left: number } | "closed"> {
  const left = await spendAttempt(tx, link.organisation, link.id);
  await record(world, tx, link, "link.open", "refused", left === 0 ? "tries-used-up" : "wrong-answer");
  if (left > 0) return { left };
  await tellSender({ tx, pepper: world.pepper }, link, "closed", publicUrl);
  return "closed";
}

/** The subject names nobody: it is read on locked screens. The letter says for whom the link was, and leads to its study behind sign-in. */
async function tellSender(
  posting: Posting,
  link: LinkRecord,
  what: "opened" | "closed",
  publicUrl: string,
): Promise<void> {
  const sender =
    link.createdBy === null
      ? undefined
      : await posting.tx.selectFrom("person").select("email").where("id", "=", link.createdBy).executeTakeFirst();
  if (!sender) return;
  const said =
    what === "opened"
      ? `The link that you made for ${link.recipient} was just opened.`
      : `The link that you made for ${link.recipient} was closed after too many wrong answers. Someone may be guessing.`;
  const study = `${publicUrl.replace(/\/$/, "")}/studies/${link.organisation}/${link.study}`;
  await queueMail(posting, {
    organisation: link.organisation,
    to: sender.email,
    subject: what === "opened" ? "Your link was opened" : "Your link was closed",
    body: `${said} Sign in to see its study, and to end it under Share: ${study}`,
  });
}

async function record(
  world: World,
  tx: Tx,
  link: LinkRecord,
  action: "link.open" | "link.code",
  outcome: "done" | "refused",
  because: string,
): Promise<void> {
  const who = linkActor(link, link.id);
  await recordEntry({ tx, now: tx.now, keyring: world.keyring }, who, {
    organisation: link.organisation,
    action,
    outcome,
    because,
    patient: link.patient,
    study: link.study,
    subject: link.id,
    detail: { recipient: link.recipient },
  });
}

export type LinkSession = { link: LinkRecord; session: string; framesLeft: number; who: Actor };

/** The open session behind a cookie, judged anew at each request. @throws Fault link.closed */
export async function linkSession(world: World, cookieText: string | undefined): Promise<LinkSession> {
  const found = await sessionOf(world, cookieText);
  if (!found) throw closed();
  return world.database.transaction({ organisation: found.organisation, person: null }, async (tx) => {
    const session = await sessionById(tx, found.organisation, found.id);
    const link = session && (await openLinkById(tx, found.organisation, found.link, false));
    if (!session || !link) throw closed();
    await touchSession(tx, found.organisation, found.id);
    return { link, session: found.id, framesLeft: session.framesLeft, who: linkActor(link, found.id) };
  });
}

/** The session that a cookie names, alive or not. */
export async function sessionOf(world: World, cookieText: string | undefined) {
  const cookie = cookieText === undefined ? undefined : parseSecret("cookie", cookieText);
  return cookie ? resolveLinkSession(world.database, hashSecret(cookie)) : null;
}

/** Forgets this device: the cookie opens nothing any more. Says nothing where there was nothing. */
export async function leaveLink(world: World, cookieText: string | undefined): Promise<void> {
  const found = await sessionOf(world, cookieText);
  if (!found) return;
  await world.database.transaction({ organisation: found.organisation, person: null }, (tx) =>
    closeSession(tx, found.organisation, found.id),
  );
}

/** Puts a refusal on the record of the link's organisation, with the true reason; null where the secret names no link. */
export async function recordRefusal(world: World, secretText: string): Promise<"recorded" | null> {
  const found = await linkOf(world, secretText);
  if (!found) return null;
  const { organisation, id } = found;
  await world.database.transaction({ organisation, person: null }, async (tx) => {
    const times = await linkTimes(tx, organisation, id);
    if (!times) return;
    const who = linkActor({ id, organisation, rights: times.rights, purpose: times.purpose }, id);
    await recordEntry({ tx, now: tx.now, keyring: world.keyring }, who, {
      organisation,
      action: "link.open",
      outcome: "refused",
      because: stateOf({ ...times, left: false }, tx.now),
      patient: times.patient,
      study: times.study,
      subject: id,
      detail: { recipient: times.recipient },
    });
  });
  return "recorded";
}

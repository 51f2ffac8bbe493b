import { sql } from "kysely";
import { createTransport } from "nodemailer";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { Config } from "#platform/config.ts";
import { enqueue, type Task } from "#platform/jobs.ts";
import { type Database, NO_SCOPE, type Tx } from "#platform/postgres/db.ts";
import { deriveKey } from "#trust/keys/derive.ts";
import type { SecretKey } from "#trust/keys/wrap.ts";
import { openSmall, sealSmall } from "#trust/seal/envelope.ts";

/** A plain text message. */
export type Message = { organisation: string | null; to: string; subject: string; body: string };

export const MAIL_TASK = "mail.send";
const PATIENCE_MS = 20_000;

/** The transaction that wants a message, and the secret under whose derived key messages wait: it lies in no database. */
export type Posting = { tx: Tx; pepper: SecretKey };

/**
 * Puts a message into the outbox, sealed, and asks for its dispatch, in the transaction that wants it. It takes the same time
 * whether the address exists or not, and nothing leaves if the transaction does not commit.
 * @returns the message's ID
 */
export async function queueMail(
  { tx, pepper }: Posting,
  { organisation, to, subject, body }: Message,
): Promise<string> {
  const id = uuidv7(tx.now.getTime());
  const sealed = sealSmall(outboxKey(pepper), placeOf(id), Buffer.from(JSON.stringify({ to, subject, body }), "utf8"));
  await tx.insertInto("mail_outbox").values({ id, organisation, sealed }).execute();
  await enqueue(tx, MAIL_TASK, { id });
  return id;
}

/** A message on its way out. */
export type Letter = Pick<Message, "to" | "subject" | "body"> & { id: string };

const outboxKey = (pepper: SecretKey): SecretKey => deriveKey(pepper, "safelight outbox");
const placeOf = (id: string): string => `mail:${id}`;

/** A message as it was queued. @throws Fault seal.broken for what was changed, or sealed with another master key */
export function openLetter(pepper: SecretKey, id: string, sealed: Uint8Array): Letter {
  const said = JSON.parse(openSmall(outboxKey(pepper), placeOf(id), sealed).toString("utf8")) as Omit<Letter, "id">;
  return { id, ...said };
}

/** Hands one message over; once it resolves the message counts as sent. */
export type Deliver = (letter: Letter) => Promise<void>;

type Needs = {
  database: Pick<Database, "transaction">;
  pepper: SecretKey;
  config: Pick<Config, "smtpUrl" | "mailFrom">;
  /** Who takes messages where no mail server is configured: the demonstration's outbox page. */
  outbox?: Deliver | undefined;
};

/**
 * The job that sends one message. Without SMTP and without an outbox page the message stays in the outbox. Once it was handed
 * over its text is removed here: links and codes in it are secrets.
 */
export function mailTask({ database, pepper, config, outbox }: Needs): Task {
  const deliver = config.smtpUrl === undefined ? outbox : bySmtp(config.smtpUrl.reveal(), config.mailFrom);
  return async (payload) => {
    const id = (payload as { id?: unknown }).id;
    if (deliver === undefined || typeof id !== "string") return;
    await database.transaction(NO_SCOPE, (tx) => sendOne({ tx, pepper }, id, deliver));
  };
}

function bySmtp(url: string, from: string): Deliver {
  const transport = createTransport({ url, connectionTimeout: PATIENCE_MS, socketTimeout: PATIENCE_MS });
  return async ({ id, to, subject, body }) => {
    try {
      await transport.sendMail({
        from,
        to: { name: "", address: to },
        subject,
        text: body,
        messageId: `<${id}@safelight>`,
      });
    } catch (error) {
      const { responseCode } = error as { responseCode?: number };
      const word = responseCode === undefined ? "does not answer" : `refused the message (${responseCode})`;
      throw new Fault("peer.refused", `The mail server ${word}.`, { cause: error });
    }
  };
}

/** The row is locked while it is handed over, so that two workers never send it twice. */
async function sendOne({ tx, pepper }: Posting, id: string, deliver: Deliver): Promise<void> {
  await sql`select set_config('safelight.message', ${id}, true)`.execute(tx); // row-level security shows this message alone
  const row = await tx
    .selectFrom("mail_outbox")
    .select("sealed")
    .where("id", "=", id)
    .where("sent_at", "is", null)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined || row.sealed === null) return;
  await deliver(openLetter(pepper, id, row.sealed));
  await tx.updateTable("mail_outbox").set({ sent_at: tx.now, sealed: null }).where("id", "=", id).execute();
}

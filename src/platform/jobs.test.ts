import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { type Database, NO_SCOPE } from "#platform/postgres/db.ts";
import { newKey } from "#trust/keys/wrap.ts";
import { testDatabase } from "../../test/support/database.ts";
import { type LiveEvent, notify, openEvents } from "./events.ts";
import { enqueue, startJobs } from "./jobs.ts";
import { openLog } from "./log.ts";
import { mailTask, openLetter, queueMail } from "./mail.ts";

let database: Database;
before(async () => {
  database = await testDatabase();
});

const quiet = openLog({ level: "silent" });

async function until<T>(ask: () => Promise<T | undefined> | T | undefined, what: string, ms = 20_000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    assert.ok(Date.now() < end, `not within ${ms} ms: ${what}`);
    await delay(25);
  }
}

test("a job runs after its transaction has committed, with its payload, and not when it did not commit", async () => {
  const ran: unknown[] = [];
  const jobs = startJobs({ database, log: quiet, tasks: { "test.note": async (payload) => void ran.push(payload) } });
  await assert.rejects(
    database.transaction(NO_SCOPE, async (tx) => {
      await enqueue(tx, "test.note", { id: "undone" });
      throw new Error("no");
    }),
  );
  await database.transaction(NO_SCOPE, (tx) => enqueue(tx, "test.note", { id: "done" }));
  await until(() => (ran.length > 0 ? true : undefined), "the job");
  await jobs.stop();
  assert.deepEqual(ran, [{ id: "done" }]);
});

test("a job waits for its time, and one with the same key takes the place of another that waits", async () => {
  const runAt = new Date(Date.now() + 3_600_000);
  await database.transaction(NO_SCOPE, async (tx) => {
    await enqueue(tx, "test.later", { id: "first" }, { runAt, key: "one" });
    await enqueue(tx, "test.later", { id: "second" }, { runAt, key: "one" });
  });
  const { rows } = await database.owner.query(
    "select p.payload, p.run_at from graphile_worker._private_jobs p join graphile_worker._private_tasks t on t.id = p.task_id where t.identifier = 'test.later'",
  );
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [{ payload: { id: "second" }, run_at: runAt }],
  );
});

test("a failed job comes again, and the database keeps its code, not its words", async () => {
  let attempts = 0;
  const task = async () => {
    attempts++;
    throw attempts === 1 ? new Fault("peer.refused", "The mail server refused Jane Doe.") : new Error("Jane Doe");
  };
  const jobs = startJobs({ database, log: quiet, tasks: { "test.fails": task } });
  await database.transaction(NO_SCOPE, (tx) => enqueue(tx, "test.fails", {}, { key: "fails" }));
  const failed = (word: string) => async () => {
    const { rows } = await database.owner.query<{ last_error: string | null }>(
      "select last_error from graphile_worker.jobs where key = 'fails'",
    );
    return rows[0]?.last_error?.includes(word) ? rows[0].last_error : undefined;
  };
  assert.doesNotMatch(await until(failed("peer.refused"), "the first failure"), /Doe/);
  await database.owner.query(
    "select graphile_worker.reschedule_jobs(array(select id from graphile_worker.jobs where key = 'fails'), run_at := now())",
  );
  assert.doesNotMatch(await until(failed("internal"), "the second failure"), /Doe/);
  await jobs.stop();
});

test("the runner comes back by itself after its connections were cut", async () => {
  const ran: unknown[] = [];
  const jobs = startJobs({ database, log: quiet, tasks: { "test.after": async (payload) => void ran.push(payload) } });
  await delay(500);
  await database.owner.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'safelight_owner' and datname = current_database() and pid <> pg_backend_pid()",
  );
  await until(
    async () =>
      await database
        .transaction(NO_SCOPE, (tx) => enqueue(tx, "test.after", { id: 1 }))
        .then(
          () => true,
          () => undefined,
        ),
    "the database",
  );
  await until(() => (ran.length > 0 ? true : undefined), "the job after the cut");
  await jobs.stop();
});

test("jobs that are stopped while they start end all the same", async () => {
  for (const turns of [0, 1, 3]) {
    const jobs = startJobs({ database, tasks: {}, log: quiet });
    for (let turn = 0; turn < turns; turn++) await new Promise((next) => setImmediate(next));
    await jobs.stop();
  }
});

/** A mail server of a few words: it keeps what it is given. */
async function mailServer(answers: { data: string }): Promise<{ url: string; messages: string[]; close: () => void }> {
  const messages: string[] = [];
  const server = createServer((socket: Socket) => {
    let body: string | undefined;
    socket.on("error", () => undefined);
    socket.write("220 test\r\n");
    socket.setEncoding("utf8").on("data", (text: string) => {
      if (body !== undefined) {
        body += text;
        if (!body.endsWith("\r\n.\r\n")) return;
        messages.push(body);
        body = undefined;
        socket.write(`${answers.data}\r\n`);
      } else if (/^EHLO/i.test(text)) socket.write("250 test\r\n");
      else if (/^DATA/i.test(text)) {
        body = "";
        socket.write("354 go on\r\n");
      } else if (/^QUIT/i.test(text)) socket.end("221 bye\r\n");
      else socket.write("250 ok\r\n");
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as { port: number };
  return { url: `smtp://127.0.0.1:${port}`, messages, close: () => server.close() };
}

const outbox = async (id: string) => {
  const { rows } = await database.owner.query<{ sealed: Buffer | null; sent_at: Date | null }>(
    "select sealed, sent_at from mail_outbox where id = $1",
    [id],
  );
  return rows[0];
};
const message = {
  organisation: null,
  to: "jane@example.org",
  subject: "Your images\r\nBcc: evil@example.org",
  body: "Grüße, the code is 123456",
};
const pepper = newKey();
const context = { id: "1", attempt: 1, signal: new AbortController().signal };

test("a queued message is sent once, its text is removed, and a line break in the subject adds no header", async () => {
  const server = await mailServer({ data: "250 taken" });
  const task = mailTask({
    database,
    pepper,
    config: { smtpUrl: new Hidden(server.url), mailFrom: "Clinic <clinic@example.org>" },
  });
  const id = await database.transaction(NO_SCOPE, (tx) => queueMail({ tx, pepper }, message));
  await task({ id }, context);
  await task({ id }, context);
  server.close();
  assert.equal(server.messages.length, 1);
  assert.match(server.messages[0] ?? "", /^To: jane@example\.org\r$/m);
  assert.doesNotMatch(server.messages[0] ?? "", /^Bcc:/m);
  const row = await outbox(id);
  assert.equal(row?.sealed, null);
  assert.ok(row.sent_at);
});

test("a message that the mail server refuses stays and the job fails", async () => {
  const server = await mailServer({ data: "452 not now" });
  const task = mailTask({
    database,
    pepper,
    config: { smtpUrl: new Hidden(server.url), mailFrom: "clinic@example.org" },
  });
  const id = await database.transaction(NO_SCOPE, (tx) => queueMail({ tx, pepper }, message));
  await assert.rejects(
    task({ id }, context),
    (error) => error instanceof Fault && error.code === "peer.refused" && !/jane/.test(error.message),
  );
  server.close();
  assert.equal((await outbox(id))?.sent_at, null);
});

test("without SMTP a message stays in the outbox", async () => {
  const task = mailTask({ database, pepper, config: { smtpUrl: undefined, mailFrom: "clinic@example.org" } });
  const id = await database.transaction(NO_SCOPE, (tx) => queueMail({ tx, pepper }, message));
  await task({ id }, context);
  const sealed = (await outbox(id))?.sealed;
  assert.ok(sealed);
  assert.doesNotMatch(sealed.toString("latin1"), /123456|jane/);
  assert.deepEqual(openLetter(pepper, id, sealed), {
    id,
    to: message.to,
    subject: message.subject,
    body: message.body,
  });
  assert.throws(() => openLetter(newKey(), id, sealed), /changed, or belongs/);
  const other = await database.transaction(NO_SCOPE, (tx) => queueMail({ tx, pepper }, message));
  assert.throws(() => openLetter(pepper, other, sealed), /changed, or belongs/, "a message in another's place");
});

test("an event reaches the channel's watchers once its transaction has committed, and nobody else", async () => {
  const events = await openEvents(database);
  const heard: LiveEvent[] = [];
  const stop = events.subscribe("organisation:a", (event) => heard.push(event));
  events.subscribe("organisation:b", () => assert.fail("another channel's event"));
  await assert.rejects(
    database.transaction(NO_SCOPE, async (tx) => {
      await notify(tx, "organisation:a", { kind: "undone" });
      throw new Error("no");
    }),
  );
  await database.transaction(NO_SCOPE, (tx) => notify(tx, "organisation:a", { kind: "study.arrived", study: "1" }));
  await until(() => heard[0], "the event");
  stop();
  await database.transaction(NO_SCOPE, (tx) => notify(tx, "organisation:a", { kind: "unheard" }));
  await delay(100);
  assert.deepEqual(heard, [{ kind: "study.arrived", study: "1" }]);
  await events.close();
});

test("after the listening connection was cut, watchers are told to ask anew and hear again", async () => {
  const events = await openEvents(database);
  const heard: LiveEvent[] = [];
  events.subscribe("x", (event) => heard.push(event));
  await database.owner.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen %'",
  );
  await until(() => heard.find(({ kind }) => kind === "resync"), "the resync");
  await database.transaction(NO_SCOPE, (tx) => notify(tx, "x", { kind: "again" }));
  await until(() => heard.find(({ kind }) => kind === "again"), "the event after the cut");
  await events.close();
});

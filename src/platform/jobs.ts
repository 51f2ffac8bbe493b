import { setTimeout as delay } from "node:timers/promises";
import { Logger, type Runner, run, type TaskList } from "graphile-worker";
import { sql } from "kysely";
import { Fault } from "#kit/fault.ts";
import type { Log } from "#platform/log.ts";
import type { Database, Tx } from "#platform/postgres/db.ts";

/** One attempt at a job. IDs only in the payload: it lies in the database in clear. */
export type JobContext = { id: string; attempt: number; signal: AbortSignal };
export type Task = (payload: unknown, job: JobContext) => Promise<void>;
/** Every job there is, by name; a name that is not here stays in the queue. */
export type Tasks = Readonly<Record<string, Task>>;

export type EnqueueOptions = {
  /** Not before. */
  runAt?: Date;
  /** A waiting job with the same key is replaced instead of joined by another. */
  key?: string;
};

/** Asks for a job in the transaction that wants it: no commit, no job. */
export async function enqueue(
  tx: Tx,
  task: string,
  payload: Record<string, unknown>,
  options: EnqueueOptions = {},
): Promise<void> {
  const runAt = options.runAt ?? tx.now;
  await sql`select app_enqueue(${task}, ${JSON.stringify(payload)}::jsonb, ${runAt}, ${options.key ?? null})`.execute(
    tx,
  );
}

export type JobsOptions = {
  database: Pick<Database, "owner">;
  tasks: Tasks;
  log: Log;
  concurrency?: number;
  /** crontab lines (graphile-worker's format), for what is due by the clock. */
  crontab?: string;
};

export type Jobs = {
  /** Lets running jobs finish for a while, then ends. */
  stop(): Promise<void>;
};

/** Works the queue until stopped; a failed job comes again with growing pauses, and the runner itself after the database did. */
export function startJobs(options: JobsOptions): Jobs {
  const state: { runner?: Runner; stopping: boolean } = { stopping: false };
  const isStopping = (): boolean => state.stopping;
  const taskList = guarded(options);
  const running = (async () => {
    for (let pause = 200; !isStopping(); pause = Math.min(pause * 2, 5_000)) {
      const began = Date.now();
      try {
        const runner = await run(runnerOptions(options, taskList));
        state.runner = runner;
        if (isStopping()) await runner.stop(); // it was asked to while the runner was starting
        await runner.promise;
      } catch (error) {
        options.log.warn({ err: error }, "the job runner stopped");
      }
      if (Date.now() - began > 30_000) pause = 200;
      if (!isStopping()) await delay(pause);
    }
  })();
  return {
    async stop() {
      state.stopping = true;
      await state.runner?.stop().catch(() => undefined); // it may have ended by itself
      await running;
    },
  };
}

function runnerOptions({ database, concurrency, crontab }: JobsOptions, taskList: TaskList) {
  return {
    pgPool: database.owner,
    taskList,
    concurrency: concurrency ?? 2,
    noHandleSignals: true,
    pollInterval: 2_000,
    logger: new Logger(() => () => undefined),
    crontab: crontab ?? "",
  };
}

/** graphile-worker keeps a failure's message in the database and prints it: what it gets is a code. */
function guarded({ tasks, log }: JobsOptions): TaskList {
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [
      name,
      async (payload: unknown, helpers: { job: { id: unknown; attempts: number }; abortSignal?: AbortSignal }) => {
        const job = {
          id: String(helpers.job.id),
          attempt: helpers.job.attempts,
          signal: helpers.abortSignal ?? new AbortController().signal,
        };
        try {
          await task(payload, job);
        } catch (error) {
          log.warn({ task: name, job: job.id, attempt: job.attempt, err: error }, "a job failed");
          throw new Error(error instanceof Fault ? error.code : "internal");
        }
      },
    ]),
  ) as TaskList;
}

import type { Signin } from "#features/people/signin/signin.ts";
import type { Task } from "#platform/jobs.ts";

export const SWEEP_TASK = "people:sweep";
/** When it is due, in graphile-worker's crontab format. */
export const SWEEP_CRONTAB = `23 * * * * ${SWEEP_TASK}`;

/** Forgets what nobody can use any more: ended sessions, old challenges, counted attempts. */
export const sweepTask = (signin: Signin): Task => {
  return async () => {
    await signin.sessions.sweep();
    await signin.attempts.sweep();
  };
};

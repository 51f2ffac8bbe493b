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
    await forgetUnsentSecrets(signin);
  };
};

/** Without SMTP messages stay in the outbox; the links in them have ended by then. The serving role sees no message but the one it sends. */
async function forgetUnsentSecrets({ world }: Signin): Promise<void> {
  await world.database.owner.query(
    "update mail_outbox set sealed = null where sealed is not null and created_at < now() - interval '8 days'",
  );
}

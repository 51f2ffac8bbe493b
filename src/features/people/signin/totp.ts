import { createOTP } from "@better-auth/utils/otp";
import { symmetricDecrypt } from "better-auth/crypto";
import type { Hidden } from "#kit/hidden.ts";
import type { AuthStore } from "./store.ts";

/** RFC 6238: 30 s, 6 digits; one step before and after are taken, as better-auth does. */
const STEP_MS = 30_000;
const TOLERANCE = [0, -1, 1] as const;

type Place = { store: AuthStore; secret: Hidden<string> };

/**
 * RFC 6238 §5.2: a code is taken once. True when the code is right for a time step later than every one taken before, and that
 * step is now taken; two requests with one code cannot both get true. better-auth checks the code itself once more.
 */
export async function takeCode(
  { store, secret }: Place,
  user: string,
  code: string,
  now = Date.now(),
): Promise<boolean> {
  const { rows } = await store.query<{ secret: string }>(`select "secret" from "twoFactor" where "userId" = $1`, [
    user,
  ]);
  const sealed = rows[0]?.secret;
  if (sealed === undefined) return false;
  const otp = createOTP(await symmetricDecrypt({ key: secret.reveal(), data: sealed }), { digits: 6, period: 30 });
  const current = Math.floor(now / STEP_MS);
  for (const offset of TOLERANCE) {
    if ((await otp.hotp(current + offset)) !== code) continue;
    const taken = await store.query(
      `update "twoFactor" set "lastStep" = $2 where "userId" = $1 and ("lastStep" is null or "lastStep" < $2)`,
      [user, current + offset],
    );
    return taken.rowCount === 1;
  }
  return false;
}

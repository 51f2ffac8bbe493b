import { randomBytes } from "node:crypto";
import { symmetricEncrypt } from "better-auth/crypto";
import { Hidden } from "#kit/hidden.ts";
import type { AuthStore } from "./store.ts";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * Enrols a second factor without an authenticator at hand, and gives its secret (RFC 6238, base 32) to be kept in one. Only for
 * the demonstration, whose people nobody is: real ones enrol in their browser.
 */
export async function enrolSecondFactor(
  place: { store: AuthStore; secret: Hidden<string> },
  user: string,
): Promise<Hidden<string>> {
  const plain = randomBytes(20).toString("hex").slice(0, 32);
  const sealed = await symmetricEncrypt({ key: place.secret.reveal(), data: plain });
  const codes = await symmetricEncrypt({ key: place.secret.reveal(), data: "[]" });
  await place.store.query(
    `insert into "twoFactor" ("id", "secret", "backupCodes", "userId", "verified") values ($1, $2, $3, $4, true)`,
    [randomBytes(16).toString("hex"), sealed, codes, user],
  );
  await place.store.query(`update "user" set "twoFactorEnabled" = true where "id" = $1`, [user]);
  return new Hidden(base32(Buffer.from(plain, "utf8")));
}

function base32(bytes: Uint8Array): string {
  let [text, bits, value] = ["", 0, 0];
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + BASE32[(value << (5 - bits)) & 31] : text;
}

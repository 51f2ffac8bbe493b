import { Refused } from "../api.ts";
import { sayRefusal } from "../words/say.ts";

/** Sign-in refusals in calm words; a wrong password, an unknown address and a closed account sound alike. */
export function sayFailure(thrown: unknown, wrong: string): string {
  if (!(thrown instanceof Refused)) return sayRefusal(thrown);
  if (thrown.status === 429)
    return sayRefusal(
      new Refused(429, { code: thrown.retryAfter ? "locked" : "rate.limited", message: "" }, thrown.retryAfter),
    );
  if (thrown.code === "passkey.failed") return sayRefusal(thrown);
  if (thrown.status === 400 || thrown.status === 401 || thrown.status === 403) return wrong;
  return sayRefusal(thrown);
}

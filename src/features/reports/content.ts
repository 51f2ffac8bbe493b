import { createHash } from "node:crypto";
import { ReportText } from "#contract/studies.ts";
import type { SecretKey } from "#features/keys/keyring.ts";
import type { ReportStatus } from "#features/reports/rules.ts";
import { newKey, unwrapKey, wrapKey } from "#trust/keys/wrap.ts";
import { canonicalJson } from "#trust/ledger/canonical.ts";
import { openSmall, sealSmall } from "#trust/seal/envelope.ts";

/** What one version says: the sections, and under what name and for whom it was written then. */
export type ReportContent = {
  version: number;
  status: ReportStatus;
  text: ReportText;
  author: string;
  authorOrganisation: string;
  at: string;
};

export type SealedContent = { sealed: Buffer; wrappedKey: Buffer; sha256: Buffer };

/** Seals one version with a key of its own under the study's key group: erasing the study erases its reports. */
export function sealContent(
  group: SecretKey,
  id: string,
  content: ReportContent,
  random: (bytes: number) => Uint8Array,
): SealedContent {
  const key = newKey(random);
  const plain = Buffer.from(canonicalJson(content), "utf8");
  return {
    sealed: sealSmall(key, `report:${id}`, plain),
    wrappedKey: wrapKey(group, key),
    sha256: createHash("sha256").update(plain).digest(),
  };
}

/** @throws Fault seal.broken, key.broken */
export function openContent(group: SecretKey, row: { id: string; sealed: Buffer; wrapped_key: Buffer }): ReportContent {
  const plain = openSmall(unwrapKey(group, row.wrapped_key), `report:${row.id}`, row.sealed);
  return JSON.parse(plain.toString("utf8")) as ReportContent;
}

export const NO_TEXT: ReportText = ReportText.parse({});

/** What a signature names: SHA-256 (64 hexadecimal digits) of the sections as RFC 8785 JSON. Equal texts alone have equal ones. */
export function hashOfText({ indication, comparison, findings, impression }: ReportText): string {
  return createHash("sha256")
    .update(canonicalJson({ indication, comparison, findings, impression }), "utf8")
    .digest("hex");
}

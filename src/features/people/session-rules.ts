import type { Role } from "#contract/words.ts";

/** What a role finds in its menus. Pure; every action judges again. */

const CAN: Record<"administer" | "share" | "report" | "upload" | "audit", readonly Role[]> = {
  administer: ["administrator"],
  share: ["radiographer", "radiologist", "privacy-officer"],
  report: ["radiologist"],
  upload: ["radiographer", "radiologist"],
  audit: ["administrator", "privacy-officer", "auditor"],
};

export function canOf(roles: readonly Role[]): Record<keyof typeof CAN, boolean> {
  const has = (thing: keyof typeof CAN): boolean => roles.some((role) => CAN[thing].includes(role));
  return {
    administer: has("administer"),
    share: has("share"),
    report: has("report"),
    upload: has("upload"),
    audit: has("audit"),
  };
}

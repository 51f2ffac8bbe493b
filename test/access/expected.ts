/**
 * Who may do what, written down once more and by hand: nothing here is taken from the product's own rules. v: look at it,
 * d: take its files, r: write its report. What does not stand here is refused.
 */

export const STUDIES = [
  "plain", // the owner's, shared with nobody
  "viewed", // granted to the partner to look at
  "taken", // granted to the partner with files and the right to report
  "research", // granted to the partner for research
  "expired",
  "ended", // its agreement has ended
  "revoked",
  "named", // granted to one person of the partner
  "linked", // shared by links
  "theirs", // the partner's own
] as const;
export type StudyName = (typeof STUDIES)[number];

export const ACTORS = [
  "nobody",
  "half:no-factor-yet",
  "half:code-owed",
  "thief:session-row",
  "thief:hashes",
  "owner:administrator",
  "owner:radiographer",
  "owner:radiologist",
  "owner:referrer",
  "owner:privacy-officer",
  "owner:auditor",
  "owner:dismissed",
  "partner:administrator",
  "partner:radiographer",
  "partner:radiologist",
  "partner:referrer",
  "partner:privacy-officer",
  "partner:auditor",
  "partner:named",
  "other:radiologist",
  "owner.read",
  "owner.write",
  "owner.admin",
  "owner.research",
  "owner.ended",
  "owner.expired",
  "partner.read",
  "partner.research",
  "other.read",
  "operator",
  "link:view",
  "link:download",
  "link:of-another-study",
  "link:expired",
  "link:revoked",
] as const;
export type ActorName = (typeof ACTORS)[number];

/** Whom the server does not know at all: every door but the public ones and those of links answers 401. */
export const STRANGERS: readonly ActorName[] = ACTORS.filter(
  (name) =>
    ["nobody", "operator", "owner:dismissed", "owner.ended", "owner.expired"].includes(name) ||
    /^(half|thief|link):/.test(name),
);

const OWNERS: Partial<Record<StudyName, string>> = Object.fromEntries(
  STUDIES.filter((name) => name !== "theirs").map((name) => [name, "vd"]),
);

const RIGHTS: Partial<Record<ActorName, Partial<Record<StudyName, string>>>> = {
  "owner:radiographer": OWNERS,
  "owner:radiologist": Object.fromEntries(Object.keys(OWNERS).map((name) => [name, "vdr"])),
  "owner.read": OWNERS,
  "partner:radiographer": { viewed: "v", taken: "vd", theirs: "vd" },
  "partner:radiologist": { viewed: "v", taken: "vdr", theirs: "vdr" },
  "partner:referrer": { viewed: "v", taken: "vd" },
  "partner:named": { named: "v" },
  "partner.read": { viewed: "v", taken: "vd", theirs: "vd" },
  "partner.research": { research: "v" },
};

export type Letter = "v" | "d" | "r";

export const may = (who: ActorName, letter: Letter, study: StudyName): boolean =>
  RIGHTS[who]?.[study]?.includes(letter) === true;

/** The organisation an actor works for. */
export const houseOf = (who: ActorName): "owner" | "partner" | "other" =>
  who.startsWith("partner") ? "partner" : who.startsWith("other") ? "other" : "owner";

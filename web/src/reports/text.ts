import type { Report, ReportRead, ReportText } from "#contract/studies.ts";
import { SECTIONS } from "./sections.ts";

/** What may be done with two texts of one report. Pure. */

export const sameText = (one: ReportText, other: ReportText): boolean =>
  SECTIONS.every((name) => one[name] === other[name]);

/** Both texts, section by section: what only one of them says stands once, what differs one after the other. */
export function joined(first: ReportText, second: ReportText): ReportText {
  const both = (name: (typeof SECTIONS)[number]): string => {
    const [one, other] = [first[name].trim(), second[name].trim()];
    if (one.includes(other)) return first[name];
    return other.includes(one) ? second[name] : `${one}\n\n${other}`;
  };
  return {
    indication: both("indication"),
    comparison: both("comparison"),
    findings: both("findings"),
    impression: both("impression"),
  };
}

/** The newest version of a report, signed or not: what whoever writes goes on from. */
export function newestOf({ draft, version, sha256, text }: Report): ReportRead & { text: ReportText } {
  return draft ?? { version, sha256, text };
}

/** The few words that go onto pictures and pages of links. Pure. */

/** Whose copy it is, of which day, from which link: enough to tell where a picture came from. */
export function markOf(link: { id: string; recipient: string }, now: Date): { lines: string[] } {
  return { lines: [`${link.recipient} · ${now.toISOString().slice(0, 10)} · ${shortId(link.id)}`] };
}

/** The random end of an identifier: it begins with a time. */
const shortId = (id: string): string => id.slice(-8);

/** An address that its owner recognises and nobody else learns: its first letter, and the same of where it is. */
export function maskedAddress(address: string): string {
  const at = address.lastIndexOf("@");
  if (at < 1) return `${address.slice(0, 1)}•••`;
  const domain = address.slice(at + 1);
  const dot = domain.lastIndexOf(".");
  const end = dot > 0 ? domain.slice(dot) : "";
  return `${first(address)}•••@${first(domain)}•••${end}`;
}

const first = (text: string): string => [...text][0] ?? "";

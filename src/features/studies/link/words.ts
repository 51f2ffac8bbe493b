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

/** Where a request comes from, as attempts are counted: a whole IPv6 subscriber (/64) is one source. */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("%", 1)[0]?.split("::") ?? [];
  const front = head.split(":").filter((part) => part !== "");
  const back = tail.split(":").filter((part) => part !== "");
  const gap = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => "0");
  return `${[...front, ...gap, ...back]
    .slice(0, 4)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(":")}::/64`;
}

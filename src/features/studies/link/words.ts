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

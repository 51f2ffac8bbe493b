import { ByteWriter } from "#kit/bytes.ts";

/** A line of a page: its size in points, its place from the top left in points, whether it is bold. */
export type PdfLine = {
  readonly text: string;
  readonly size: number;
  readonly x: number;
  readonly y: number;
  readonly bold?: boolean;
};

const PAGE = { width: 595, height: 842 } as const; // A4 in points

/** WinAnsi for what it has of a text; letters it lacks lose their marks. ISO 32000-1 annex D. */
function winAnsi(text: string): string {
  const special: Readonly<Record<string, number>> = {
    "’": 0x92,
    "‘": 0x91,
    "–": 0x96,
    "“": 0x93,
    "”": 0x94,
    Š: 0x8a,
    š: 0x9a,
    Ž: 0x8e,
    ž: 0x9e,
  };
  return Array.from(text.normalize("NFC"), (letter) => {
    const known = special[letter];
    if (known !== undefined) return String.fromCharCode(known);
    if (letter.charCodeAt(0) < 0x100) return letter;
    const bare = letter.normalize("NFD").charAt(0);
    return bare.charCodeAt(0) < 0x100 ? bare : "?";
  }).join("");
}

const escaped = (text: string): string => winAnsi(text).replace(/[\\()]/g, "\\$&");

function contentOf(lines: readonly PdfLine[], rules: readonly number[]): string {
  const words = lines.map(
    ({ text, size, x, y, bold }) =>
      `BT /${bold ? "F2" : "F1"} ${size} Tf ${x} ${PAGE.height - y} Td (${escaped(text)}) Tj ET`,
  );
  const strokes = rules.map((y) => `0.75 0.33 0.2 RG 0.8 w 56 ${PAGE.height - y} m 539 ${PAGE.height - y} l S`);
  return [...words, ...strokes].join("\n");
}

/** A PDF of one A4 page of text in Helvetica, with horizontal rules at the given heights (points from the top). ISO 32000-1. */
export function pdfPage(title: string, lines: readonly PdfLine[], rules: readonly number[]): Uint8Array {
  const content = contentOf(lines, rules);
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Contents 6 0 R /Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    `<< /Title (${escaped(title)}) /Producer (Safelight Phantoms) >>`,
  ];
  const out = new ByteWriter(4096).latin1("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n");
  const offsets = objects.map((object, index) => {
    const at = out.length;
    out.latin1(`${index + 1} 0 obj\n${object}\nendobj\n`);
    return at;
  });
  const start = out.length;
  out.latin1(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`);
  for (const offset of offsets) out.latin1(`${String(offset).padStart(10, "0")} 00000 n \n`);
  out.latin1(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 7 0 R >>\nstartxref\n${start}\n%%EOF\n`);
  return out.take().slice();
}

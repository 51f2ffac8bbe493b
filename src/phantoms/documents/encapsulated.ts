import { type PdfLine, pdfPage } from "#phantoms/documents/pdf.ts";
import { code, commonAttributes, type Instance, instanceOf } from "#phantoms/record/modules.ts";
import type { ContentRecipe } from "#phantoms/record/recipe.ts";
import type { Setting } from "#phantoms/record/setting.ts";

/** PS3.4 annex B.5. */
const ENCAPSULATED_PDF_STORAGE = "1.2.840.10008.5.1.4.1.1.104.1";

/** Lines of at most `width` characters. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

const spoken = (name: string): string => {
  const [family = "", given = ""] = (name.split("=")[0] ?? "").split("^");
  return `${given} ${family}`.trim();
};

function letter(setting: Setting, title: string, paragraphs: readonly string[]): Uint8Array {
  const { patient, clinic, referrer, accession } = setting.recipe;
  const { date } = setting;
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
  const lines: PdfLine[] = [
    { text: clinic.name, size: 20, x: 56, y: 76, bold: true },
    { text: clinic.address, size: 9, x: 56, y: 92 },
    { text: title, size: 14, x: 56, y: 146, bold: true },
    {
      text: `Patient: ${spoken(patient.name)}, born ${patient.born.slice(0, 4)}-${patient.born.slice(4, 6)}-${patient.born.slice(6)}, number ${patient.id}`,
      size: 10,
      x: 56,
      y: 168,
    },
    { text: `Examination: ${day}, accession ${accession}. Referred by ${spoken(referrer)}.`, size: 10, x: 56, y: 183 },
  ];
  let y = 218;
  for (const paragraph of paragraphs) {
    for (const text of wrapped(paragraph, 92)) {
      lines.push({ text, size: 10.5, x: 56, y });
      y += 15;
    }
    y += 9;
  }
  lines.push({
    text: "This document and the person it names are invented; it serves demonstrations and tests.",
    size: 8,
    x: 56,
    y: 800,
  });
  return pdfPage(title, lines, [104, 196, 786]);
}

/** A report as a PDF in a DICOM object. PS3.3 §A.45.1. */
export function* pdfSeries(
  setting: Setting,
  { title, lines }: Extract<ContentRecipe, { is: "pdf" }>,
): Generator<Instance> {
  const pdf = letter(setting, title, lines);
  const time = setting.timeAt(3600);
  yield instanceOf(ENCAPSULATED_PDF_STORAGE, setting.uid("pdf/1"), {
    ...commonAttributes(setting, {
      modality: "DOC",
      number: 90,
      description: title,
      station: "RIS1",
      model: "Phantom RIS",
    }),
    InstanceNumber: 1,
    ConversionType: "WSD",
    ContentDate: setting.date,
    ContentTime: time,
    AcquisitionDateTime: `${setting.date}${time}`,
    BurnedInAnnotation: "YES",
    DocumentTitle: title,
    ConceptNameCodeSequence: [code("18748-4", "LN", "Diagnostic imaging study")],
    MIMETypeOfEncapsulatedDocument: "application/pdf",
    EncapsulatedDocumentLength: pdf.length,
    "EncapsulatedDocument:OB": pdf,
  });
}

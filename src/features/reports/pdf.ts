import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import PDFDocument from "pdfkit";
import type { ReportText } from "#contract/studies.ts";
import { personNameOf } from "#standards/dicom/values.ts";

export type PrintedReport = {
  organisation: { name: string; colour: string };
  patient: { name: string; id: string; birthDate: string; sex: string };
  study: { description: string; date: string; modalities: readonly string[]; accession: string; referrer: string };
  status: "preliminary" | "final" | "addendum";
  version: number;
  text: ReportText;
  author: string;
  authorOrganisation: string;
  signedAt: Date;
  /** Of the content as it was sealed: what the record of the signing holds. */
  sha256: string;
};

const MARGIN = 56;
const WIDTH = 595.28 - 2 * MARGIN; // A4 in points
const BOTTOM = 72;
const INK = "#1c1b1a";
const FAINT = "#6b6763";

const SECTIONS = [
  ["indication", "Indication"],
  ["comparison", "Comparison"],
  ["findings", "Findings"],
  ["impression", "Impression"],
] as const satisfies readonly (readonly [keyof ReportText, string])[];

const TITLES = {
  preliminary: "Preliminary radiology report",
  final: "Radiology report",
  addendum: "Radiology report with addendum",
} as const satisfies Record<PrintedReport["status"], string>;

const require = createRequire(import.meta.url);
let fonts: { regular: Buffer; bold: Buffer } | undefined;

/** The fonts come with the program: neither the machine nor the text decides what is drawn. */
function openFonts(): { regular: Buffer; bold: Buffer } {
  fonts ??= {
    regular: readFileSync(require.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf")),
    bold: readFileSync(require.resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf")),
  };
  return fonts;
}

/** A signed report as PDF on A4: text that can be selected, searched and read aloud. */
export async function printReport(report: PrintedReport): Promise<Buffer> {
  const { regular, bold } = openFonts();
  const document = new PDFDocument({
    size: "A4",
    margins: { top: MARGIN, bottom: BOTTOM, left: MARGIN, right: MARGIN },
    bufferPages: true,
    lang: "en",
    displayTitle: true,
    pdfVersion: "1.7",
    info: { Title: TITLES[report.status], Producer: "Safelight", Creator: "Safelight", CreationDate: report.signedAt },
  });
  document.registerFont("regular", regular).registerFont("bold", bold);
  const pieces: Buffer[] = [];
  document.on("data", (piece: Buffer) => pieces.push(piece));
  const ended = new Promise<void>((resolve, reject) => {
    document.once("end", resolve);
    document.once("error", reject);
  });
  head(document, report);
  about(document, report);
  for (const [name, title] of SECTIONS) section(document, title, report.text[name]);
  signature(document, report);
  feet(document, report);
  document.end();
  await ended;
  return Buffer.concat(pieces);
}

type Pdf = InstanceType<typeof PDFDocument>;

/** Without controls, which would draw as boxes; line ends as they are. */
function plain(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{C}\n]/gu, "")
    .trim();
}

function head(document: Pdf, { organisation, status }: PrintedReport): void {
  const colour = /^#[0-9a-f]{6}$/i.test(organisation.colour) ? organisation.colour : INK;
  document.font("bold").fontSize(13).fillColor(colour).text(plain(organisation.name), { width: WIDTH });
  document.moveDown(0.3);
  const y = document.y;
  document
    .moveTo(MARGIN, y)
    .lineTo(MARGIN + WIDTH, y)
    .lineWidth(1.2)
    .strokeColor(colour)
    .stroke();
  document.moveDown(1);
  document.font("bold").fontSize(16).fillColor(INK).text(TITLES[status]);
  if (status === "preliminary")
    document.font("regular").fontSize(9).fillColor(FAINT).text("Not final. It may still change.");
  document.moveDown(0.8);
}

function about(document: Pdf, { patient, study }: PrintedReport): void {
  const rows: readonly (readonly [string, string])[] = [
    ["Patient", readableName(patient.name)],
    ["Patient ID", patient.id],
    ["Born", [day(patient.birthDate), patient.sex].filter(Boolean).join(" · ")],
    ["Examination", [study.modalities.join(", "), study.description].filter(Boolean).join(" · ")],
    ["Date", day(study.date)],
    ["Accession number", study.accession],
    ["Referred by", readableName(study.referrer)],
  ];
  document.fontSize(9.5);
  for (const [label, value] of rows.filter((row) => plain(row[1]) !== "")) {
    const y = document.y;
    document.font("regular").fillColor(FAINT).text(label, MARGIN, y, { width: 110 });
    const below = document.y;
    document.fillColor(INK).text(plain(value), MARGIN + 118, y, { width: WIDTH - 118 });
    document.y = Math.max(below, document.y) + 2;
  }
  document.x = MARGIN;
  document.moveDown(0.8);
}

function section(document: Pdf, title: string, text: string): void {
  const words = plain(text);
  if (words === "") return;
  if (document.y > document.page.height - BOTTOM - 60) document.addPage();
  document.font("bold").fontSize(10.5).fillColor(INK).text(title, MARGIN, document.y, { width: WIDTH });
  document.moveDown(0.2);
  document.font("regular").fontSize(10.5).text(words, { width: WIDTH, lineGap: 2.5 });
  document.moveDown(0.9);
}

function signature(document: Pdf, report: PrintedReport): void {
  if (document.y > document.page.height - BOTTOM - 90) document.addPage();
  const y = document.y + 6;
  document
    .moveTo(MARGIN, y)
    .lineTo(MARGIN + WIDTH, y)
    .lineWidth(0.5)
    .strokeColor("#cfcac4")
    .stroke();
  document.y = y + 10;
  const by = [report.author, report.authorOrganisation].map(plain).filter(Boolean).join(", ");
  document.font("bold").fontSize(10).fillColor(INK).text(`Signed by ${by}`, MARGIN, document.y, { width: WIDTH });
  document
    .font("regular")
    .fontSize(9)
    .fillColor(FAINT)
    .text(`${moment(report.signedAt)} · ${report.status}, version ${report.version}`)
    .text(`SHA-256 of the signed content: ${report.sha256}`);
}

/** Every page says whose it is and which of how many. */
function feet(document: Pdf, { patient }: PrintedReport): void {
  const { start, count } = document.bufferedPageRange();
  const whose = [readableName(patient.name), patient.id].map(plain).filter(Boolean).join(" · ");
  for (let page = start; page < start + count; page++) {
    document.switchToPage(page);
    document.page.margins.bottom = 0; // text in the margin must not begin a new page
    const y = document.page.height - BOTTOM + 28;
    document.font("regular").fontSize(8).fillColor(FAINT);
    document.text(whose.slice(0, 90), MARGIN, y, { width: WIDTH - 80, height: 10, ellipsis: true });
    document.text(`${page + 1} / ${count}`, MARGIN + WIDTH - 80, y, { width: 80, align: "right", height: 10 });
    document.page.margins.bottom = BOTTOM;
  }
}

/** PS3.5 §6.2.1: family^given^middle^prefix^suffix, as people write it. */
function readableName(value: string): string {
  const { alphabetic, ideographic } = personNameOf(value);
  const [family = "", given = "", middle = "", prefix = "", suffix = ""] = (alphabetic || ideographic).split("^");
  return [prefix, given, middle, family, suffix].filter(Boolean).join(" ");
}

function day(dicom: string): string {
  const parts = /^(\d{4})(\d{2})(\d{2})$/.exec(dicom);
  return parts ? `${parts[1]}-${parts[2]}-${parts[3]}` : dicom;
}

const moment = (at: Date): string => `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;

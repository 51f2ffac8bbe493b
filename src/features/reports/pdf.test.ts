import assert from "node:assert/strict";
import { test } from "node:test";
import { PDFiumLibrary } from "@hyzyla/pdfium";
import { type PrintedReport, printReport } from "#features/reports/pdf.ts";

const REPORT: PrintedReport = {
  organisation: { name: "Klinika Łódź", colour: "#0a6e5c" },
  patient: { name: "Nkosi^Ayanda^^Dr", id: "P-0042", birthDate: "19870419", sex: "F" },
  study: {
    description: "CT head",
    date: "20261120",
    modalities: ["CT"],
    accession: "A-17",
    referrer: "Okafor^Chidi",
  },
  status: "final",
  version: 3,
  text: {
    indication: "Fall.",
    comparison: "",
    findings: "No bleeding.\nПеречитать. Καμία αιμορραγία.",
    impression: "Normal.",
  },
  author: "Dr Carmen Reyes",
  authorOrganisation: "Reyes Reading Group",
  signedAt: new Date("2026-11-24T08:30:00Z"),
  sha256: "ab".repeat(32),
};

/** The text of each page, as a reader selects it. */
async function pagesOf(pdf: Buffer): Promise<string[]> {
  const library = await PDFiumLibrary.init();
  const document = await library.loadDocument(pdf);
  const pages = [...document.pages()].map((page) => page.getText());
  document.destroy();
  library.destroy();
  return pages.map((text) => text.replace(/\r?\n/g, "\n"));
}

test("everything in the print is text: whose it is, what was found, who signed which content", async () => {
  const [page = ""] = await pagesOf(await printReport(REPORT));
  for (const words of [
    "Klinika Łódź",
    "Radiology report",
    "Dr Ayanda Nkosi",
    "P-0042",
    "1987-04-19 · F",
    "CT · CT head",
    "A-17",
    "Chidi Okafor",
    "Indication",
    "No bleeding.",
    "Перечитать. Καμία αιμορραγία.",
    "Impression",
    "Signed by Dr Carmen Reyes, Reyes Reading Group",
    "2026-11-24 08:30 UTC · final, version 3",
    "ab".repeat(32),
    "1 / 1",
  ])
    assert.ok(page.includes(words), words);
  assert.ok(!page.includes("Comparison"), "an empty section is left out");
});

test("a preliminary report says that it may still change", async () => {
  const [page = ""] = await pagesOf(await printReport({ ...REPORT, status: "preliminary" }));
  assert.match(page, /Not final/);
});

test("a long report goes on over pages, each of which says whose it is and which of how many", async () => {
  const findings = Array.from({ length: 120 }, (_, at) => `Line ${at + 1}: nothing abnormal is seen in this region.`);
  const pages = await pagesOf(
    await printReport({ ...REPORT, text: { ...REPORT.text, findings: findings.join("\n") } }),
  );
  assert.ok(pages.length >= 3);
  for (const [at, page] of pages.entries()) {
    assert.ok(page.includes(`${at + 1} / ${pages.length}`));
    assert.ok(page.includes("P-0042"));
  }
  assert.ok(pages.join("\n").includes("Line 120"));
});

test("nothing in the words is taken for anything else", async () => {
  const words = "(Tj) ET \\ endstream >> <script> \u0000\u0007\u202e %PDF";
  const [page = ""] = await pagesOf(
    await printReport({
      ...REPORT,
      organisation: { name: "X", colour: "red; }" },
      text: { ...REPORT.text, findings: words },
    }),
  );
  assert.ok(page.includes("(Tj) ET \\ endstream >> <script>"));
});

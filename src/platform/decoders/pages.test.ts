import assert from "node:assert/strict";
import { after, test } from "node:test";
import sharp from "sharp";
import { pdfPage } from "#phantoms/documents/pdf.ts";
import { openDecoders } from "#platform/decoders/decoders.ts";

/** Documents as pictures, drawn in a decoder child. */
const decoders = openDecoders({ size: 1, memoryLimit: 2 ** 30, timeLimit: 60_000 });
after(() => decoders.close());

const letter = pdfPage("Letter", [{ text: "Dear colleague", size: 24, x: 56, y: 100 }], [120]);
const mark = {
  lines: ["Dr B. Fourie · 2026-11-24 · e091f003"],
  place: new Uint8Array(32).fill(1),
  grain: new Uint8Array(32).fill(2),
};

async function greyOf(bytes: Uint8Array): Promise<Buffer> {
  return sharp(bytes).greyscale().raw().toBuffer();
}

test("page 0 counts, page 1 draws an A4 page at 150 dots per inch, page 2 of one page is refused", async () => {
  const counted = await decoders.pdf({ document: letter, page: 0 });
  assert.deepEqual([counted.pages, counted.bytes.length], [1, 0]);
  const drawn = await decoders.pdf({ document: letter, page: 1 });
  assert.deepEqual([drawn.height, drawn.mediaType], [1754, "image/png"]);
  assert.ok(drawn.width >= 1238 && drawn.width <= 1241);
  await assert.rejects(decoders.pdf({ document: letter, page: 2 }), { code: "input.invalid" });
  const dark = (await greyOf(drawn.bytes)).filter((value) => value < 60).length;
  assert.ok(dark > 500 && dark < 100_000, `${dark} dark pixels`);
});

test("the mark lies over the page and in a band at its foot", async () => {
  const [plain, marked] = [
    await decoders.pdf({ document: letter, page: 1 }),
    await decoders.pdf({ document: letter, page: 1, mark }),
  ];
  const [one, two] = [await greyOf(plain.bytes), await greyOf(marked.bytes)];
  const eighth = Math.floor(one.length / 8);
  for (let part = 0; part < 8; part++)
    assert.ok(
      !one.subarray(part * eighth, (part + 1) * eighth).equals(two.subarray(part * eighth, (part + 1) * eighth)),
      `part ${part}`,
    );
});

test("the mark hides no word of a page: everything shines through it", async () => {
  const dark = (await greyOf((await decoders.pdf({ document: letter, page: 1 })).bytes)).map((value) =>
    Number(value < 60),
  );
  const marked = await greyOf((await decoders.pdf({ document: letter, page: 1, mark })).bytes);
  const band = marked.length * 0.95;
  let hidden = 0;
  for (let at = 0; at < band; at++) if (dark[at] === 1 && (marked[at] ?? 0) > 110) hidden++;
  assert.equal(hidden, 0);
});

test("what is no PDF, a cut one and an encrypted one are refused, and the child goes on", async () => {
  const cut = letter.subarray(0, 200);
  const locked = Buffer.from(
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R/Encrypt<</Filter/Standard/V 9/R 9/O()/U()/P 0>>>>\n%%EOF",
  );
  for (const document of [Buffer.from("hello"), Buffer.alloc(0), cut, locked, Buffer.from("%PDF-1.7\n".repeat(1000))])
    await assert.rejects(
      decoders.pdf({ document, page: 1 }),
      (fault: { code: string }) => fault.code === "decoder.failed" || fault.code === "input.invalid",
    );
  assert.equal((await decoders.pdf({ document: letter, page: 0 })).pages, 1);
});

test("a page of any size is drawn with its longer side at most 1754 pixels", async () => {
  const sized = (box: string) =>
    Buffer.from(Buffer.from(letter).toString("latin1").replace("[0 0 595 842]", box.padEnd(13)), "latin1");
  for (const box of ["[0 0 9e4 9e4]", "[0 0 1 1]", "[0 0 8e3 1]"]) {
    const outcome = await decoders
      .pdf({ document: sized(box), page: 1 })
      .catch((fault: { code: string }) => fault.code);
    if (typeof outcome === "string") assert.equal(outcome, "decoder.failed");
    else assert.ok(outcome.width <= 1754 && outcome.height <= 1754, box);
  }
});

test("a text is set in pages; markup in it is letters, long words break, and its pages have an end", async () => {
  const paragraphs = [
    { text: "Radiology report", depth: 0, strong: true },
    { text: `<svg onload="x"/>&lt; ${"word ".repeat(300)}${"x".repeat(2000)}`, depth: 9, strong: false },
  ];
  const drawn = await decoders.text({ paragraphs, page: 1, mark });
  assert.deepEqual([drawn.width, drawn.height, drawn.pages], [1240, 1754, 2]);
  const endless = await decoders.text({
    paragraphs: [{ text: "line\n".repeat(50_000), depth: 0, strong: false }],
    page: 0,
  });
  assert.equal(endless.pages, 100);
  assert.equal((await decoders.text({ paragraphs: [], page: 0 })).pages, 1);
  await assert.rejects(decoders.text({ paragraphs, page: 3 }), { code: "input.invalid" });
});

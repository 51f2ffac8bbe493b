import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { binary } from "../dicom/json.ts";
import type { Reference } from "../dicom/sr.ts";
import { Notice } from "../panes/Notice.tsx";
import type { Document as Held } from "../source/series.ts";
import { getBlob, getPart, isAbort, type Trouble, troubleOf } from "../source/wire.ts";
import { PdfPages } from "./PdfPages.tsx";
import type { Pdf } from "./pdf.ts";
import { StructuredReport } from "./StructuredReport.tsx";

type Props = {
  readonly document: Held;
  readonly opener: (reference: Reference) => (() => void) | undefined;
  readonly onTags: () => void;
  readonly onGone: () => void;
};

/** What stands in a viewport when it is not a picture. */
export function Document({ document, opener, onTags, onGone }: Props) {
  const { t } = useTranslation("viewer");
  switch (document.kind) {
    case "sr":
      return <StructuredReport instance={document.instance} opener={opener} />;
    case "pdf":
      return <PdfDocument document={document} onGone={onGone} />;
    case "other":
      return (
        <div>
          <Notice text={t("document.noPicture")} onRetry={onTags} action={t("document.attributes")} />
        </div>
      );
  }
}

/** A PDF as drawn pages: nothing in it can run, and it is gone when it is closed. */
function PdfDocument(props: { document: Held; onGone: () => void }) {
  const [tries, setTries] = useState(0);
  return <OnePdf key={tries} {...props} onRetry={() => setTries(tries + 1)} />;
}

function OnePdf({ document, onGone, onRetry }: { document: Held; onGone: () => void; onRetry: () => void }) {
  const { t } = useTranslation("viewer");
  const [pdf, setPdf] = useState<Pdf>();
  const [trouble, setTrouble] = useState<Trouble>();
  useEffect(() => {
    const ending = new AbortController();
    let made: Pdf | undefined;
    opened(document, ending.signal)
      .then((found) => {
        if (ending.signal.aborted) return found.close();
        made = found;
        setPdf(found);
      })
      .catch((thrown: unknown) => {
        if (isAbort(thrown)) return;
        const found = troubleOf(thrown);
        if (found.kind === "gone") onGone();
        setTrouble(found);
      });
    return () => {
      ending.abort();
      made?.close();
      setPdf(undefined);
    };
  }, [document, onGone]);
  if (trouble) return <Notice trouble={trouble} onRetry={onRetry} />;
  if (!pdf) return <Notice spinning text={t("document.opening")} />;
  return <PdfPages pdf={pdf} />;
}

async function opened(document: Held, signal: AbortSignal): Promise<Pdf> {
  const [{ openPdf }, bytes] = await Promise.all([import("./pdf.ts"), bytesOf(document, signal)]);
  return openPdf(bytes);
}

async function bytesOf(document: Held, signal: AbortSignal): Promise<Uint8Array> {
  const held = binary(document.instance, "00420011");
  return held && "inline" in held ? held.inline : fetched(document, held?.uri, signal);
}

async function fetched(document: Held, uri: string | undefined, signal: AbortSignal): Promise<Uint8Array> {
  if (uri !== undefined) {
    const { pathname, search } = new URL(uri, new URL(`${document.url}/`, location.href));
    return (await getPart(pathname + search, signal)).bytes;
  }
  const blob = await getBlob(`${document.url}/rendered`, "application/pdf", signal);
  return new Uint8Array(await blob.arrayBuffer());
}

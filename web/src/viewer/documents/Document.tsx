import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { binary } from "../dicom/json.ts";
import type { Reference } from "../dicom/sr.ts";
import { Notice } from "../panes/Notice.tsx";
import type { Document as Held } from "../source/series.ts";
import { getBlob, getPart, isAbort, type Trouble, troubleOf } from "../source/wire.ts";
import styles from "./Document.module.css";
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
      return <Pdf document={document} onGone={onGone} />;
    case "other":
      return (
        <div>
          <Notice text={t("document.noPicture")} onRetry={onTags} action={t("document.attributes")} />
        </div>
      );
  }
}

/** A PDF in a frame of its own: from memory, without scripts or forms, and gone when it is closed. */
function Pdf(props: { document: Held; onGone: () => void }) {
  const [tries, setTries] = useState(0);
  return <OnePdf key={tries} {...props} onRetry={() => setTries(tries + 1)} />;
}

function OnePdf({ document, onGone, onRetry }: { document: Held; onGone: () => void; onRetry: () => void }) {
  const { t } = useTranslation("viewer");
  const [address, setAddress] = useState<string>();
  const [trouble, setTrouble] = useState<Trouble>();
  useEffect(() => {
    const ending = new AbortController();
    let made: string | undefined;
    pdfOf(document, ending.signal)
      .then((pdf) => {
        made = URL.createObjectURL(pdf);
        setAddress(made);
      })
      .catch((thrown: unknown) => {
        if (isAbort(thrown)) return;
        const found = troubleOf(thrown);
        if (found.kind === "gone") onGone();
        setTrouble(found);
      });
    return () => {
      ending.abort();
      if (made) URL.revokeObjectURL(made);
      setAddress(undefined);
    };
  }, [document, onGone]);
  if (trouble) return <Notice trouble={trouble} onRetry={onRetry} />;
  if (!address) return <Notice spinning text={t("document.opening")} />;
  return (
    <iframe
      className={styles.frame}
      src={`${address}#toolbar=0&navpanes=0&view=FitH`}
      title={t("document.title")}
      referrerPolicy="no-referrer"
    />
  );
}

/** The document's bytes, typed by us: what a server or sender calls it must not decide what the browser does with it. */
async function pdfOf(document: Held, signal: AbortSignal): Promise<Blob> {
  const held = binary(document.instance, "00420011");
  const bytes = held && "inline" in held ? held.inline : await fetched(document, held?.uri, signal);
  if (String.fromCharCode(...bytes.subarray(0, 5)) !== "%PDF-") throw new Error("no PDF");
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/pdf" });
}

async function fetched(document: Held, uri: string | undefined, signal: AbortSignal): Promise<Uint8Array> {
  if (uri !== undefined) {
    const { pathname, search } = new URL(uri, new URL(`${document.url}/`, location.href));
    return (await getPart(pathname + search, signal)).bytes;
  }
  const blob = await getBlob(`${document.url}/rendered`, "application/pdf", signal);
  return new Uint8Array(await blob.arrayBuffer());
}

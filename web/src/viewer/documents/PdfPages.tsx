import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./Document.module.css";
import type { Pdf, PdfPage } from "./pdf.ts";

/** A document's pages under each other, drawn as they come into sight. */
export function PdfPages({ pdf }: { pdf: Pdf }) {
  const { t } = useTranslation("viewer");
  const [wide, setWide] = useState(false);
  return (
    <article className={styles.pages} data-wide={wide} aria-label={t("document.title")}>
      <button type="button" className={styles.wide} onClick={() => setWide(!wide)}>
        {t(wide ? "document.fit" : "document.larger")}
      </button>
      {Array.from({ length: pdf.pages }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a page is its number
        <Page key={at} pdf={pdf} number={at + 1} wide={wide} />
      ))}
    </article>
  );
}

function Page({ pdf, number, wide }: { pdf: Pdf; number: number; wide: boolean }) {
  const { t } = useTranslation("viewer");
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const near = useNear(host);
  const [page, setPage] = useState<PdfPage>();
  const [text, setText] = useState("");
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!near) return;
    let over = false;
    pdf.page(number).then(
      (found) => !over && setPage(found),
      () => !over && setFailed(true),
    );
    return () => {
      over = true;
    };
  }, [pdf, number, near]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a wider page is drawn anew
  useEffect(() => {
    if (!page || !near) return;
    let over = false;
    const width = Math.ceil((host.current?.clientWidth ?? 0) * devicePixelRatio);
    page.draw(width).then(
      (picture) => !over && put(canvas.current, picture),
      () => !over && setFailed(true),
    );
    page.text().then(
      (found) => !over && setText(found),
      () => {}, // a page without text is still a picture
    );
    return () => {
      over = true;
    };
  }, [page, near, wide]);
  return (
    <div ref={host} className={styles.leaf} style={{ aspectRatio: `1 / ${page?.ratio ?? Math.SQRT2}` }}>
      {near && <canvas ref={canvas} />}
      {failed && <p role="alert">{t("document.failed")}</p>}
      <p className="sr-only">{text || t("document.page", { number, of: pdf.pages })}</p>
    </div>
  );
}

function put(canvas: HTMLCanvasElement | null, picture: ImageData): void {
  if (!canvas) return;
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d")?.putImageData(picture, 0, 0);
}

/** Whether an element is in sight or within a screen of it: pages far away hold no pixels. */
function useNear(host: React.RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const observer = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting === true), {
      rootMargin: "100%",
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [host]);
  return near;
}

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
      {Array.from({ length: pdf.pages }, (_, at) => at + 1).map((number) => (
        <Page key={number} pdf={pdf} number={number} />
      ))}
    </article>
  );
}

function Page({ pdf, number }: { pdf: Pdf; number: number }) {
  const { t } = useTranslation("viewer");
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const near = useNear(host);
  const width = useWidth(host);
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
  useEffect(() => {
    if (!page || !near || width === 0) return;
    let over = false;
    page.draw(Math.ceil(width * devicePixelRatio)).then(
      (picture) => !over && put(canvas.current, picture),
      () => !over && setFailed(true),
    );
    return () => {
      over = true;
    };
  }, [page, near, width]);
  useEffect(() => {
    if (!page || !near) return;
    let over = false;
    page.text().then(
      (found) => !over && setText(found),
      () => {}, // a page without text is still a picture
    );
    return () => {
      over = true;
    };
  }, [page, near]);
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

/** An element's width in CSS pixels, also after it changed: a wider page is drawn anew. */
function useWidth(host: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [host]);
  return width;
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

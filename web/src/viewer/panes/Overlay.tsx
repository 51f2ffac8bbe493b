import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { StudyDetail } from "#contract/studies.ts";
import { dicomDate, dicomTime, personName } from "../../ui/format.ts";
import type { Frame } from "../dicom/frames.ts";
import { edgesOf, edgesOfLabels } from "../dicom/orientation.ts";
import { scaleOfRegions } from "../dicom/regions.ts";
import type { About, Geometry } from "../engine/engine.ts";
import { fixed, scaleBar, sliceName, windowNumbers } from "../model/corners.ts";
import type { View } from "../model/state.ts";
import styles from "./Overlay.module.css";

type Props = {
  readonly study: Pick<StudyDetail, "patientName" | "patientId" | "description" | "studyDate"> | undefined;
  readonly when: "now" | "before" | "after";
  readonly linked: boolean;
  readonly frame: Frame;
  /** The image that is on screen, which may not yet be the one that was asked for. */
  readonly index: number;
  readonly waitingFor: number | undefined;
  readonly count: number;
  readonly series: string;
  readonly place: number | undefined;
  readonly view: View;
  readonly about: About;
  readonly geometry: Geometry | undefined;
};

/** What stands in the corners: it always speaks of the image that is on screen. */
export function Overlay(props: Props) {
  const { study, frame, geometry } = props;
  return (
    <>
      <div className={`${styles.corner} ${styles.tl}`}>
        {study && (
          <div className={styles.strong}>
            {[personName(study.patientName), study.patientId].filter(Boolean).join(" · ")}
          </div>
        )}
        <StudyLines {...props} />
      </div>
      <div className={`${styles.corner} ${styles.tr}`}>
        <SliceLines {...props} />
      </div>
      <div className={`${styles.corner} ${styles.bl}`}>
        <ViewLines {...props} />
      </div>
      <div className={`${styles.corner} ${styles.br}`}>
        <QualityLines {...props} />
      </div>
      {geometry && <Letters frame={frame} geometry={geometry} />}
    </>
  );
}

function StudyLines({ when, frame, series, study }: Props) {
  const { t } = useTranslation("viewer");
  const date = dicomDate(frame.date || study?.studyDate || "");
  const time = dicomTime(frame.time);
  return (
    <>
      <div className={when === "now" ? undefined : styles.prior}>
        {when !== "now" ? t(`overlay.${when}`, { date }) : [date, time].filter(Boolean).join(" ")}
      </div>
      <div className={styles.spare}>{[...new Set([sliceName(frame), series])].filter(Boolean).join(" · ")}</div>
    </>
  );
}

function SliceLines({ index, count, linked, place, waitingFor }: Props) {
  const { t } = useTranslation("viewer");
  const number = t("overlay.image", { number: index + 1, of: count });
  return (
    <>
      <div className={styles.strong}>{linked ? `${number} · ${t("overlay.linked")}` : number}</div>
      {place !== undefined && <div className={styles.spare}>{t("overlay.place", { mm: fixed(place, 1) })}</div>}
      {waitingFor !== undefined && (
        <div className={styles.waiting}>{t("overlay.waiting", { number: waitingFor + 1 })}</div>
      )}
    </>
  );
}

function ViewLines({ view, about, geometry }: Props) {
  const { t } = useTranslation("viewer");
  const marks = [
    view.invert && t("overlay.inverted"),
    view.rotation !== 0 && t("overlay.turned", { degrees: view.rotation }),
    (view.flipH || view.flipV) && t("overlay.flipped"),
  ].filter(Boolean);
  const zoom = geometry ? geometry.perPixel * devicePixelRatio : view.zoom;
  return (
    <>
      {marks.length > 0 && <div className={styles.prior}>{marks.join(" · ")}</div>}
      <div>{t("overlay.window", windowNumbers(view.window ?? about.window))}</div>
      <div>{t("overlay.zoom", { zoom: fixed(zoom, zoom < 10 ? 2 : 1) })}</div>
    </>
  );
}

function QualityLines({ frame, about, geometry }: Props) {
  const { t } = useTranslation("viewer");
  const lossy = frame.lossy ?? (about.lossy ? { ratio: undefined } : undefined);
  const quality = lossy
    ? lossy.ratio !== undefined && lossy.ratio > 1
      ? t("overlay.lossyRatio", { ratio: Number(lossy.ratio.toFixed(1)) })
      : t("overlay.lossy")
    : t("overlay.lossless");
  return (
    <>
      {about.rendered && <div className={styles.lossy}>{t("overlay.pictured")}</div>}
      {!about.rendered && <div className={lossy ? styles.lossy : undefined}>{quality}</div>}
      {geometry && <ScaleBar frame={frame} geometry={geometry} />}
    </>
  );
}

function ScaleBar({ frame, geometry }: { frame: Frame; geometry: Geometry }) {
  const { t } = useTranslation("viewer");
  const perPixel = frame.spacing ? undefined : scaleOfRegions(frame.regions, frame.rows, frame.columns);
  if (!frame.spacing && perPixel === undefined) return null;
  const bar = scaleBar(perPixel === undefined ? geometry.perMillimetre : geometry.perPixel / perPixel);
  if (!bar) return null;
  const label = bar.mm >= 10 ? t("overlay.cm", { length: bar.mm / 10 }) : t("overlay.mm", { length: bar.mm });
  return (
    <div className={styles.scale}>
      <span className={styles.bar} style={{ width: bar.pixels }} />
      <span>{label}</span>
    </div>
  );
}

function Letters({ frame, geometry }: { frame: Frame; geometry: Geometry }) {
  const edges = lettersAround(frame, geometry);
  if (!edges) return null;
  return (["left", "right", "top", "bottom"] as const).map((side) => (
    <Fragment key={side}>
      <span className={`${styles.side} ${styles[side]}`}>{edges[side]}</span>
    </Fragment>
  ));
}

function lettersAround(frame: Frame, { right, down }: Geometry) {
  if (frame.row && frame.column) return edgesOf(right, down);
  if (!frame.patientOrientation) return undefined;
  const [rowTo, columnTo] = frame.patientOrientation;
  return edgesOfLabels(rowTo, columnTo, [right[0], right[1]], [down[0], down[1]]);
}

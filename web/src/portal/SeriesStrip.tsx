import { useTranslation } from "react-i18next";
import type { LinkStudy } from "./client.ts";
import type { Pictures } from "./pictures.ts";
import { positionsOf } from "./positions.ts";

/** The study's series as small pictures in a row. */
export function SeriesStrip({
  study,
  chosen,
  pictures,
  onChoose,
}: {
  study: LinkStudy;
  chosen: number;
  pictures: Pictures;
  onChoose: (series: number) => void;
}) {
  const { t } = useTranslation("portal");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a row of choices
    <div className="images-strip" role="group" aria-label={t("images.series")}>
      {study.series.map((series, index) => {
        const positions = positionsOf(series);
        const middle = positions[Math.floor((positions.length - 1) / 2)];
        if (!middle) return null;
        const label = series.description || series.modality;
        return (
          <button key={series.id} type="button" aria-pressed={index === chosen} onClick={() => onChoose(index)}>
            {middle.kind === "image" ? (
              <img src={pictures.thumbnail(middle.instance)} alt="" draggable={false} loading="lazy" />
            ) : (
              <span>{t("study.document")}</span>
            )}
            <small>{positions.length}</small>
            <span className="sr-only">{label}</span>
          </button>
        );
      })}
    </div>
  );
}

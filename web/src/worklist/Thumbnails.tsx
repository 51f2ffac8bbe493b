import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SeriesRow, StudyRow } from "#contract/studies.ts";
import { hasPicture } from "../study/pictured.ts";

/** One small picture a series; a series without a picture keeps its place with its modality in words. */
export function Thumbnails({ row, series }: { row: StudyRow; series: readonly SeriesRow[] | undefined }) {
  const { t } = useTranslation("worklist");
  const shown =
    series?.slice(0, 8) ?? Array.from({ length: Math.min(4, Math.max(1, row.seriesCount)) }, () => undefined);
  return (
    <ul className="thumbs">
      {shown.map((one, place) => (
        <li key={one?.seriesUid ?? place}>
          {one && (
            <Thumbnail
              src={
                hasPicture(one)
                  ? `${row.dicomwebRoot}/studies/${row.studyUid}/series/${one.seriesUid}/thumbnail`
                  : undefined
              }
              alt={t("preview.thumbnail", {
                description: one.description || one.modality,
                count: one.frames || one.instanceCount,
              })}
              fallback={one.modality}
            />
          )}
        </li>
      ))}
      {series && series.length > 8 && <li className="thumbs-more">+{series.length - 8}</li>}
    </ul>
  );
}

function Thumbnail({ src, alt, fallback }: { src: string | undefined; alt: string; fallback: string }) {
  const [failed, setFailed] = useState(false);
  if (failed || src === undefined) return <span className="thumbs-word">{fallback}</span>;
  return (
    <img
      src={src}
      alt={alt}
      title={alt}
      loading="lazy"
      decoding="async"
      draggable={false}
      onError={() => setFailed(true)}
    />
  );
}

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { SeriesRow, StudyDetail } from "#contract/studies.ts";
import { studyQuery } from "../../worklist/queries.ts";
import { firstSeries } from "../model/hang.ts";
import { inTurn } from "../model/prior.ts";
import { type Item, readSeries, type StudyPlace } from "../source/series.ts";
import { isAbort, troubleOf } from "../source/wire.ts";

export type SeriesState = { readonly items: readonly Item[] } | "opening" | "failed";

export type StudySeries = {
  /** By `seriesId`. */
  readonly series: ReadonlyMap<string, SeriesState>;
  readonly items: ReadonlyMap<string, Item>;
  /** Details of priors as they come; null for those that may not be seen. */
  readonly priors: ReadonlyMap<string, StudyDetail | null>;
  /** Whether every series of this study was read or failed. */
  readonly complete: boolean;
  readonly read: (study: StudyPlace, row: SeriesRow) => Promise<readonly Item[]>;
};

export const seriesId = (studyId: string, seriesUid: string): string => `${studyId}/${seriesUid}`;
const MOST_PRIORS = 6;

/** Reads a study series by series: the one to show first at once, the others behind it, then what the priors hold. */
export function useStudySeries(detail: StudyDetail, onGone: () => void): StudySeries {
  const [series, setSeries] = useState<ReadonlyMap<string, SeriesState>>(new Map());
  const read = useReader(setSeries, onGone);
  const queries = useQueryClient();
  const [priors, setPriors] = useState<ReadonlyMap<string, StudyDetail | null>>(new Map());
  const [complete, setComplete] = useState(false);
  const current = useRef(detail);
  useEffect(() => {
    current.current = detail;
  });

  // A study that still arrives is read again where a series has grown.
  const grown = detail.series.map(({ seriesUid, instanceCount }) => `${seriesUid} ${instanceCount}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `grown` stands for the series
  useEffect(() => {
    const ending = new AbortController();
    const over = () => ending.signal.aborted;
    const { series: rows, priorStudies } = current.current;
    const first = firstSeries(rows);
    const ordered = first ? [first, ...rows.filter((row) => row !== first)] : [];
    void (async () => {
      for (const row of ordered) {
        if (over()) return;
        await read(current.current, row).catch(() => []);
      }
      if (over()) return;
      setComplete(true);
      for (const prior of inTurn(current.current, priorStudies).slice(0, MOST_PRIORS)) {
        const found = await queries.fetchQuery(studyQuery(prior.owner, prior.id)).catch(() => null);
        if (over()) return;
        setPriors((held) => new Map(held).set(prior.id, found));
      }
    })();
    return () => ending.abort();
  }, [detail.id, grown, read, queries]);

  const items = useMemo(() => {
    const all = new Map<string, Item>();
    for (const state of series.values()) {
      if (typeof state === "object") for (const item of state.items) all.set(item.key, item);
    }
    return all;
  }, [series]);
  return { series, items, priors, complete, read };
}

/** Reads each series once per number of instances, however often it is asked for. */
function useReader(
  setSeries: (change: (held: ReadonlyMap<string, SeriesState>) => ReadonlyMap<string, SeriesState>) => void,
  onGone: () => void,
) {
  const asked = useRef(new Map<string, Promise<readonly Item[]>>());
  const ending = useRef<AbortController>(undefined);
  const gone = useRef(onGone);
  useEffect(() => {
    gone.current = onGone;
  });
  useEffect(() => {
    ending.current = new AbortController();
    const held = asked.current;
    return () => {
      ending.current?.abort();
      held.clear();
    };
  }, []);
  return useCallback(
    (study: StudyPlace, row: SeriesRow) => {
      const id = seriesId(study.id, row.seriesUid);
      const version = `${id} ${row.instanceCount}`;
      const before = asked.current.get(version);
      if (before) return before;
      const put = (state: SeriesState) => setSeries((held) => new Map(held).set(id, state));
      setSeries((held) => (held.has(id) ? held : new Map(held).set(id, "opening")));
      const reading = readSeries(study, row, ending.current?.signal).then(
        (items) => {
          put({ items });
          return items;
        },
        (thrown: unknown) => {
          asked.current.delete(version);
          if (!isAbort(thrown)) {
            put("failed");
            if (troubleOf(thrown).kind === "gone") gone.current();
          }
          throw thrown;
        },
      );
      asked.current.set(version, reading);
      return reading;
    },
    [setSeries],
  );
}

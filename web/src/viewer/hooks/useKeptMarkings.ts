import { notifications } from "@mantine/notifications";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { type Marking, Markings, type StudyDetail } from "#contract/studies.ts";
import { ask } from "../../api.ts";
import type { Frame } from "../dicom/frames.ts";
import type { Engine } from "../engine/engine.ts";
import { type Drawn, sameMarkings, toKeep } from "../model/kept.ts";
import type { Item } from "../source/series.ts";
import type { StudySeries } from "./useSeries.ts";

/** A pause after which a measurement is kept: dragging a handle is not a change each time it moves. */
const SETTLED_MS = 800;

/** Puts back what this reader measured here before, and keeps what they measure now, for this study and the priors beside it. */
export function useKeptMarkings(engine: Engine, detail: StudyDetail, source: StudySeries, shown: boolean): void {
  const { t } = useTranslation("viewer");
  const books = useRef(new Map<string, Book>());
  const { items, priors } = source;
  useEffect(() => {
    const open = new Set([...items.values()].map(({ info }) => info.study));
    for (const study of [detail, ...priors.values()]) {
      if (!study || !open.has(study.id)) continue;
      const book = books.current.get(study.id) ?? new Book(study, engine, () => complain(t("measure.notKept")));
      books.current.set(study.id, book);
      void book.restore(items, shown);
    }
  }, [engine, detail, items, priors, shown, t]);
  useEffect(() => {
    const held = books.current;
    const stop = engine.onMarkings((markings) => {
      for (const book of held.values()) book.changed(markings);
    });
    const flush = () => {
      for (const book of held.values()) book.flush();
    };
    addEventListener("pagehide", flush);
    return () => {
      removeEventListener("pagehide", flush);
      stop();
      flush();
      held.clear();
    };
  }, [engine]);
}

const complain = (message: string): void => {
  notifications.show({ id: "markings", message, color: "red" });
};

/** The measurements of one study: what the server keeps, what waits for its images, what changed since. */
class Book {
  readonly #path: string;
  readonly #studyUrl: string;
  readonly #engine: Engine;
  readonly #onFailed: () => void;
  readonly #asked: Promise<void>;
  #kept: readonly Marking[] | undefined;
  #waiting: readonly Marking[] = [];
  #wanted: readonly Marking[] | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(study: StudyDetail, engine: Engine, onFailed: () => void) {
    this.#path = `/api/studies/${study.owner}/${study.id}/markings`;
    this.#studyUrl = `${study.dicomwebRoot}/studies/${encodeURIComponent(study.studyUid)}`;
    this.#engine = engine;
    this.#onFailed = onFailed;
    this.#asked = ask(this.#path, Markings).then(
      ({ markings }) => {
        this.#kept = markings;
        this.#waiting = markings;
      },
      () => {}, // without what was kept nothing is put back, and nothing is overwritten
    );
  }

  async restore(items: ReadonlyMap<string, Item>, shown: boolean): Promise<void> {
    await this.#asked;
    if (this.#waiting.length === 0) return;
    const found = this.#waiting.map((marking) => ({ marking, frame: frameIn(items, marking) }));
    this.#waiting = found.flatMap(({ marking, frame }) => (frame ? [] : [marking]));
    for (const { marking, frame } of found) if (frame) this.#engine.restoreMarking(frame, marking);
    this.#engine.showMarkings(shown);
    this.changed(this.#engine.markings());
  }

  changed(drawn: readonly Drawn[]): void {
    if (!this.#kept) return;
    const wanted = toKeep(drawn, this.#studyUrl, this.#waiting);
    if (sameMarkings(wanted, this.#wanted ?? this.#kept)) return;
    this.#wanted = wanted;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), SETTLED_MS);
  }

  /** Sends what changed, now. */
  flush(): void {
    clearTimeout(this.#timer);
    const markings = this.#wanted;
    if (!markings) return;
    this.#wanted = undefined;
    const before = this.#kept;
    this.#kept = markings;
    // A page that is being left sends this all the same, as long as it is small (Fetch §5.2: 64 KiB for all such requests).
    const keepalive = markings.length < 100;
    ask(this.#path, Markings, { method: "PUT", body: { markings }, keepalive }).catch(() => {
      if (this.#kept === markings) this.#kept = before;
      this.#onFailed();
    });
  }
}

function frameIn(items: ReadonlyMap<string, Item>, { sop, frame }: Marking): Frame | undefined {
  for (const item of items.values()) {
    if (!("stack" in item)) continue;
    const found = item.stack.frames.find((one) => one.sop === sop && one.number === frame);
    if (found) return found;
  }
  return undefined;
}

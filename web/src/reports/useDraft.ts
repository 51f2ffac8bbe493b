import { useEffect, useRef, useState } from "react";
import type { Report, ReportRead, ReportText } from "#contract/studies.ts";
import { Refused } from "../api.ts";
import { sayRefusal } from "../words/say.ts";
import type { Unsaved } from "./queries.ts";
import { newestOf, sameText } from "./text.ts";

export type Saving =
  | { is: "clean" }
  | { is: "dirty" }
  | { is: "saving" }
  | { is: "saved" }
  | { is: "failed"; reason: string }
  /** Somebody else, or another tab, went on meanwhile; nothing is saved until the person has chosen. */
  | { is: "moved"; now: Report };

const AFTER_MS = 1200;
/** What could not be saved is tried again by itself, each time a little later. */
const AGAIN_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

type Needs = {
  /** What the server holds, as it was read. */
  first: ReportRead & { text: ReportText };
  /** What was typed on top of it before and never got there. */
  unsaved: Unsaved | undefined;
  save: (text: ReportText, base: number) => Promise<ReportRead>;
  read: () => Promise<Report>;
  /** Called with what could not be saved when the panel closed, and without once everything is. */
  onUnsaved: (unsaved: Unsaved | undefined) => void;
};

/**
 * A text that saves itself a moment after the last key, one save at a time, and once more when the panel closes. Each save names
 * the version it goes on from; what the server says it kept is what is signed.
 */
export function useDraft({ first, unsaved, save, read, onUnsaved }: Needs) {
  const [text, setText] = useState(unsaved?.text ?? first.text);
  const [saving, setSaving] = useState<Saving>({ is: unsaved ? "dirty" : "clean" });
  const latest = useRef(text);
  const kept = useRef(first.text);
  const base = useRef<ReportRead>(unsaved?.base ?? first);
  /** Sent, and the answer never came: it may have arrived. */
  const lost = useRef<ReportText>(undefined);
  const waits = useRef(false);
  const left = useRef(false);
  const busy = useRef<Promise<void>>(undefined);

  const isKept = (sent: ReportText, at: ReportRead) => {
    [kept.current, base.current, lost.current] = [sent, at, undefined];
    waits.current = false;
    if (latest.current === sent) onUnsaved(undefined);
    setSaving({ is: latest.current === sent ? "saved" : "dirty" });
  };
  const moved = async (): Promise<void> => {
    const now = await read();
    const newest = newestOf(now);
    if (now.draft?.mine && lost.current && sameText(newest.text, lost.current)) {
      isKept(lost.current, newest); // it was one's own save
      return flush();
    }
    waits.current = true;
    setSaving({ is: "moved", now });
  };
  const failed = async (thrown: unknown, sent: ReportText): Promise<void> => {
    if (thrown instanceof Refused && thrown.code === "state.conflict") {
      const looked = await moved().then(
        () => true,
        () => false,
      );
      if (looked) return;
    } else lost.current = sent;
    setSaving({ is: "failed", reason: sayRefusal(thrown) });
  };
  const flush = async (): Promise<void> => {
    if (latest.current === kept.current || waits.current) return;
    const sent = latest.current;
    setSaving({ is: "saving" });
    await save(sent, base.current.version).then(
      (at) => isKept(sent, at),
      (thrown: unknown) => failed(thrown, sent),
    );
  };
  /** One at a time; what is still unsaved when the panel is gone is handed over. */
  const flushInTurn = async (): Promise<void> => {
    busy.current = (busy.current ?? Promise.resolve()).then(flush);
    await busy.current;
    if (left.current && latest.current !== kept.current) onUnsaved({ text: latest.current, base: base.current });
  };
  const flushNow = useRef(flushInTurn);
  useEffect(() => {
    flushNow.current = flushInTurn;
  });

  useEffect(() => {
    if (text === kept.current) return;
    const timer = setTimeout(() => void flushNow.current(), AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const failedTimes = useRef(0);
  useEffect(() => {
    failedTimes.current =
      saving.is === "failed" ? failedTimes.current + 1 : saving.is === "saved" ? 0 : failedTimes.current;
    if (saving.is !== "failed") return;
    const again = () => void flushNow.current();
    const timer = setTimeout(again, Math.min(LONGEST_PAUSE_MS, AGAIN_MS * 2 ** failedTimes.current));
    window.addEventListener("online", again);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("online", again);
    };
  }, [saving]);
  useEffect(() => {
    left.current = false;
    return () => {
      left.current = true;
      void flushNow.current();
    };
  }, []);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (latest.current !== kept.current) event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, []);

  const edit = (part: Partial<ReportText>) => {
    latest.current = { ...latest.current, ...part };
    setText(latest.current);
    if (!waits.current) setSaving({ is: "dirty" });
  };
  /** What the server holds once everything written is there; undefined when it could not be brought there. */
  const settle = async (): Promise<ReportRead | undefined> => {
    await flushInTurn();
    return latest.current === kept.current ? base.current : undefined;
  };
  /** Goes on from what stands there now, with this text. True once it is on the server. */
  const goOn = async (from: ReportRead & { text: ReportText }, chosen: ReportText): Promise<boolean> => {
    waits.current = false;
    [base.current, kept.current, lost.current] = [from, from.text, undefined];
    latest.current = sameText(chosen, from.text) ? from.text : chosen;
    setText(latest.current);
    if (latest.current === kept.current) isKept(from.text, from);
    else await flushInTurn();
    return latest.current === kept.current;
  };
  return { text, saving, edit, settle, goOn, moved };
}

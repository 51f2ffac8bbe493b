import { useEffect, useRef, useState } from "react";
import type { ReportText } from "#contract/studies.ts";
import { sayRefusal } from "../words/say.ts";

export type Saving =
  | { is: "clean" }
  | { is: "dirty" }
  | { is: "saving" }
  | { is: "saved" }
  | { is: "failed"; reason: string };

const AFTER_MS = 1200;

/** A text that saves itself a moment after the last key, one save at a time, and once more when the panel closes. */
export function useDraft(first: ReportText, save: (text: ReportText) => Promise<unknown>) {
  const [text, setText] = useState(first);
  const [saving, setSaving] = useState<Saving>({ is: "clean" });
  const latest = useRef(first);
  const kept = useRef(first);
  const busy = useRef<Promise<void>>(undefined);

  const flush = async (): Promise<void> => {
    await busy.current;
    if (latest.current === kept.current) return;
    const sent = latest.current;
    setSaving({ is: "saving" });
    busy.current = save(sent).then(
      () => {
        kept.current = sent;
        setSaving(latest.current === sent ? { is: "saved" } : { is: "dirty" });
      },
      (thrown: unknown) => setSaving({ is: "failed", reason: sayRefusal(thrown) }),
    );
    await busy.current;
  };
  const flushNow = useRef(flush);
  useEffect(() => {
    flushNow.current = flush;
  });

  useEffect(() => {
    if (text === kept.current) return;
    const timer = setTimeout(() => void flushNow.current(), AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => () => void flushNow.current(), []);
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
    setSaving({ is: "dirty" });
  };
  /** True once everything written is on the server. */
  const settle = async (): Promise<boolean> => {
    await flush();
    return latest.current === kept.current;
  };
  return { text, saving, edit, settle };
}

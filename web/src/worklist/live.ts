import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { StudyEvent } from "#contract/studies.ts";

/** Listens while the page is open: a study that arrives or grows refreshes the list, a change of rights refreshes everything. */
export function useLive(): boolean {
  const queries = useQueryClient();
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    const source = new EventSource("/api/events");
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      // One refresh for a burst: a CT arrives as hundreds of instances.
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ["studies"] });
      }, 500);
    };
    source.addEventListener("open", () => setConnected(true));
    source.addEventListener("error", () => setConnected(false));
    source.addEventListener("study", (event) => {
      const study = StudyEvent.safeParse(parse(event.data));
      if (study.success) void queries.invalidateQueries({ queryKey: ["study", study.data.owner, study.data.id] });
      soon();
    });
    source.addEventListener("epoch", () => void queries.invalidateQueries());
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [queries]);
  return connected;
}

function parse(data: unknown): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    return undefined;
  }
}

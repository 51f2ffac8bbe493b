import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useEffect, useState } from "react";
import type { StudyDetail } from "#contract/studies.ts";
import { Refused } from "../api.ts";
import { useLive } from "../worklist/live.ts";
import { studyQuery } from "../worklist/queries.ts";
import type { Engine } from "./engine/engine.ts";
import { Notice } from "./panes/Notice.tsx";
import { Failed, Gone } from "./sheets/Gone.tsx";
import { Viewer } from "./Viewer.tsx";
import styles from "./ViewerPage.module.css";

type Slot = ReactNode | ((study: StudyDetail) => ReactNode);
type Props = {
  readonly owner: string;
  readonly id: string;
  /** The panel at the right; it may use `useViewer`. */
  readonly report?: Slot;
  /** Buttons at the right end of the bar, such as sharing. */
  readonly actions?: Slot;
  readonly onBack?: () => void;
};

/** The engine comes while the study is being asked for. */
const engineModule = import("./engine/engine.ts");

/** The reading room for one study. When the right to it ends, everything shown is taken away at once. */
export function ViewerPage({ owner, id, report, actions, onBack = () => history.back() }: Props) {
  useLive();
  const engine = useEngine();
  const queries = useQueryClient();
  const study = useQuery(studyQuery(owner, id));
  const ended = study.error instanceof Refused && [401, 403, 404, 410].includes(study.error.status);
  const forbidden = study.data?.can.view.allowed === false;
  // An image that is refused may be one that is missing: the study itself says whether the right has ended.
  const onGone = useCallback(
    () => void queries.invalidateQueries({ queryKey: ["study", owner, id] }),
    [queries, owner, id],
  );
  const gone = ended || forbidden;
  useEffect(() => {
    if (!gone) return;
    engine?.forget();
    queries.removeQueries({ queryKey: ["study", owner, id], type: "inactive" });
  }, [gone, engine, queries, owner, id]);
  if (gone) return <Gone onBack={onBack} />;
  if (study.isError && !study.data) return <Failed onRetry={() => void study.refetch()} />;
  if (!study.data || !engine) {
    return (
      <main className={styles.opening}>
        <Notice spinning />
      </main>
    );
  }
  const fill = (slot: Slot): ReactNode => (typeof slot === "function" ? slot(study.data) : slot);
  return (
    <Viewer
      key={`${owner}/${id}`}
      engine={engine}
      detail={study.data}
      report={fill(report)}
      actions={fill(actions)}
      onBack={onBack}
      onGone={onGone}
    />
  );
}

/** The engine once it is here. Whoever leaves the page leaves no image behind. */
function useEngine(): Engine | undefined {
  const [engine, setEngine] = useState<Engine>();
  useEffect(() => {
    let held: Engine | undefined;
    let over = false;
    void engineModule.then(({ theEngine }) => {
      if (over) return;
      held = theEngine();
      setEngine(held);
    });
    return () => {
      over = true;
      held?.forget();
    };
  }, []);
  return engine;
}

import { Modal, Progress } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import {
  type ChangeEvent,
  type DragEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { gather } from "./gather.ts";
import { filesToSend, type Plan, planOf } from "./plan.ts";
import { UploadRun } from "./run.ts";
import { UploadPreview } from "./UploadPreview.tsx";
import { UploadProgress } from "./UploadProgress.tsx";
import "./upload.css";

export type UploadDoor = { choose: (what?: "files" | "folder") => void };
type Stage =
  | { is: "idle" }
  | { is: "reading"; done: number; count: number }
  | { is: "preview"; plan: Plan; count: number }
  | { is: "run"; run: UploadRun };

/** Makes a page take whatever is dropped on it, and leads from there to “view” and “share”. */
export function UploadArea({
  door,
  enabled,
  children,
}: {
  door: RefObject<UploadDoor | null>;
  enabled: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation("upload");
  const queries = useQueryClient();
  const [stage, setStage] = useState<Stage>({ is: "idle" });
  const [over, setOver] = useState(false);
  const [hidden, setHidden] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  useImperativeHandle(door, () => ({
    choose: (what = "files") => {
      if (stage.is === "idle") (what === "files" ? files : folder).current?.click();
      else setHidden(false);
    },
  }));

  const take = async (dropped: DataTransfer | readonly File[]) => {
    setHidden(false);
    setStage({ is: "reading", done: 0, count: 0 });
    const { sources, whole } = await gather(dropped);
    const { probe } = await import("./probe.ts");
    const found = [];
    for (const source of sources) {
      const probed = await probe(source.path, source.head).catch(() => ({ is: "unreadable" }) as const);
      found.push({ source, probed });
      if (found.length % 10 === 0) setStage({ is: "reading", done: found.length, count: sources.length });
    }
    setStage({ is: "preview", plan: planOf(found, whole), count: sources.length + whole.length });
  };
  const send = (plan: Plan, chosen: ReadonlySet<string>) => {
    const run = new UploadRun(
      filesToSend(plan, chosen),
      () => void queries.invalidateQueries({ queryKey: ["studies"] }),
    );
    setStage({ is: "run", run });
    run.start();
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (enabled && stage.is === "idle") void take(event.dataTransfer);
  };
  const onChosen = (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    // A copy: emptying the input, so that the same files can be chosen again, empties its list too.
    const chosen = [...(input.files ?? [])];
    input.value = "";
    if (chosen.length > 0) void take(chosen);
  };
  const close = () => {
    if (stage.is === "run" && stage.run.state.phase !== "done") setHidden(true);
    else setStage({ is: "idle" });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the button and the key U are the first
    <div
      className="upload-area"
      onDragEnter={(event) => enabled && event.dataTransfer.types.includes("Files") && setOver(true)}
      onDragOver={(event) => event.preventDefault()}
      onDragLeave={(event) => event.currentTarget === event.target && setOver(false)}
      onDrop={onDrop}
    >
      {children}
      <input ref={files} type="file" multiple hidden onChange={onChosen} />
      <input ref={folder} type="file" multiple hidden onChange={onChosen} {...{ webkitdirectory: "" }} />
      {over && (
        <div className="upload-over">
          <IconUpload size={40} stroke={1.4} aria-hidden />
          <b>{t("drop")}</b>
          <span>{t("dropText")}</span>
        </div>
      )}
      <Modal
        opened={stage.is !== "idle" && !hidden}
        onClose={close}
        size={640}
        title={t("title")}
        closeOnEscape={stage.is === "run"} // what was chosen and compared is not lost by one key
      >
        {stage.is === "reading" && (
          <div className="upload-stack" aria-live="polite">
            <p>{t("reading", { done: stage.done, count: stage.count })}</p>
            <Progress value={stage.count ? (stage.done / stage.count) * 100 : 0} aria-label={t("title")} />
            <p className="muted">{t("readingText")}</p>
          </div>
        )}
        {stage.is === "preview" && (
          <UploadPreview
            plan={stage.plan}
            count={stage.count}
            onCancel={() => setStage({ is: "idle" })}
            onSend={(chosen) => send(stage.plan, chosen)}
          />
        )}
        {stage.is === "run" && (
          <UploadProgress run={stage.run} onHide={() => setHidden(true)} onClose={() => setStage({ is: "idle" })} />
        )}
      </Modal>
      {stage.is === "run" && hidden && <UploadChip run={stage.run} onShow={() => setHidden(false)} />}
      {stage.is === "run" && <LeaveWarning run={stage.run} />}
    </div>
  );
}

function UploadChip({ run, onShow }: { run: UploadRun; onShow: () => void }) {
  const { t } = useTranslation("upload");
  const [state, setState] = useState(run.state);
  useEffect(() => run.subscribe(() => setState(run.state)), [run]);
  const percent = Math.floor((state.done / Math.max(1, state.count)) * 100);
  return (
    <button type="button" className="upload-chip" onClick={onShow}>
      <IconUpload size={16} aria-hidden />{" "}
      {state.phase === "done" ? t("progress.done") : t("progress.chip", { percent })}
    </button>
  );
}

/** The browser asks before an upload is left that is not finished. */
function LeaveWarning({ run }: { run: UploadRun }) {
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (run.state.phase !== "done") event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [run]);
  return null;
}

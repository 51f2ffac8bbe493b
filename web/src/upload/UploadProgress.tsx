import { Button, Progress } from "@mantine/core";
import { IconCheck, IconPlayerPause, IconPlayerPlay, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../session.ts";
import { ShareDialog } from "../sharing/ShareDialog.tsx";
import { bytes, dicomDate, personName } from "../ui/format.ts";
import { sayCode } from "../words/say.ts";
import { studyQuery } from "../worklist/queries.ts";
import type { RunState, UploadRun } from "./run.ts";

/** How far it is, what went wrong and why; at the end the way to the images. */
export function UploadProgress({ run, onHide, onClose }: { run: UploadRun; onHide: () => void; onClose: () => void }) {
  const { t } = useTranslation("upload");
  const state = useSyncExternalStore(run.subscribe, () => run.state);
  const failed = [...state.failures.values()].reduce((sum, sources) => sum + sources.length, 0);
  const running = state.phase === "running" || state.phase === "offline";
  const title =
    state.phase === "paused"
      ? t("progress.paused")
      : running
        ? t("progress.title")
        : failed > 0
          ? t("progress.doneWithErrors")
          : t("progress.done");
  return (
    <div className="upload-stack">
      <h3>
        {state.phase === "done" && failed === 0 && <IconCheck size={20} className="upload-ok" aria-hidden />} {title}
      </h3>
      <Progress
        value={(state.done / Math.max(1, state.count)) * 100}
        color={state.phase === "paused" ? "gray" : "lamp"}
        aria-label={title}
      />
      <p className="muted" aria-live="polite">
        {t("progress.of", {
          done: state.done,
          count: state.count,
          sent: bytes(state.sentBytes),
          total: bytes(state.totalBytes),
        })}
        {running && state.bytesPerSecond > 0 && <> · {timeLeft(state, t)}</>}
      </p>
      {state.phase === "offline" && <p className="upload-warn">{t("progress.offline")}</p>}
      <Outcomes state={state} />
      <Failures state={state} />
      <div className="upload-actions">
        {running && (
          <Button variant="default" leftSection={<IconPlayerPause size={16} aria-hidden />} onClick={() => run.pause()}>
            {t("progress.pause")}
          </Button>
        )}
        {state.phase === "paused" && (
          <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => run.resume()}>
            {t("progress.resume")}
          </Button>
        )}
        {state.phase === "done" && failed > 0 && (
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            onClick={() => run.retryFailed()}
          >
            {t("progress.retry", { count: failed })}
          </Button>
        )}
        {state.phase !== "done" && (
          <>
            <Button variant="subtle" color="gray" onClick={() => run.stop()}>
              {t("progress.stop")}
            </Button>
            <Button variant="default" onClick={onHide}>
              {t("progress.minimise")}
            </Button>
          </>
        )}
      </div>
      {state.phase === "done" && [...state.studies].map((id) => <Arrived key={id} id={id} onClose={onClose} />)}
      {state.phase === "done" && (
        <div className="upload-actions">
          <Button variant="default" onClick={onClose}>
            {t("progress.close")}
          </Button>
        </div>
      )}
    </div>
  );
}

function Outcomes({ state }: { state: RunState }) {
  const { t } = useTranslation("upload");
  const { stored, ignored, refused } = state.outcomes;
  const already = state.outcomes["already-here"];
  return (
    <ul className="upload-outcomes">
      {stored > 0 && <li data-kind="ok">{t("progress.stored", { count: stored })}</li>}
      {already > 0 && <li>{t("progress.already", { count: already })}</li>}
      {ignored > 0 && <li>{t("progress.ignored", { count: ignored })}</li>}
      {refused > 0 && <li data-kind="bad">{t("progress.refused", { count: refused })}</li>}
    </ul>
  );
}

/** Grouped by what went wrong, so that 300 equal failures are one line. */
function Failures({ state }: { state: RunState }) {
  const { t } = useTranslation("upload");
  if (state.failures.size === 0) return null;
  return (
    <section className="upload-failures" aria-label={t("progress.errors")}>
      {[...state.failures].map(([code, sources]) => (
        <details key={code}>
          <summary>
            <b>{sources.length}</b>{" "}
            {sayCode("upload:code", code) ?? sayCode("refused", code) ?? t("code.other", { code })}
          </summary>
          <ul className="mono">
            {sources.slice(0, 50).map((source) => (
              <li key={source.path}>{source.path}</li>
            ))}
          </ul>
        </details>
      ))}
    </section>
  );
}

function Arrived({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation(["upload", "worklist"]);
  const { organisation } = useSession();
  const navigate = useNavigate();
  const [sharing, setSharing] = useState(false);
  const { data: study } = useQuery(studyQuery(organisation.id, id));
  if (!study) return null;
  return (
    <div className="upload-arrived">
      <div>
        <b>{personName(study.patientName) || t("preview.unnamed")}</b>
        <div className="muted">
          {study.description || t("worklist:noDescription")} · {dicomDate(study.studyDate)}
        </div>
      </div>
      <Button
        onClick={() => {
          onClose();
          void navigate({ to: "/studies/$owner/$id", params: { owner: study.owner, id: study.id } });
        }}
      >
        {t("progress.view")}
      </Button>
      <Button variant="default" disabled={!study.can.share.allowed} onClick={() => setSharing(true)}>
        {t("progress.share")}
      </Button>
      {sharing && <ShareDialog owner={study.owner} id={study.id} onClose={() => setSharing(false)} />}
    </div>
  );
}

function timeLeft(state: RunState, t: ReturnType<typeof useTranslation<"upload">>["t"]): string {
  const seconds = (state.totalBytes - state.sentBytes) / state.bytesPerSecond;
  const time = seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
  return `${t("progress.rate", { rate: bytes(state.bytesPerSecond) })} · ${t("progress.left", { time })}`;
}

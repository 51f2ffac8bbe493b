import { Button, CloseButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconArrowUpRight } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AccessRow } from "#contract/sharing.ts";
import { clock, initials, moment, shortDay } from "../ui/format.ts";
import { sayCode, sayRefusal } from "../words/say.ts";
import { ConsentList } from "./ConsentList.tsx";
import { accessQuery, revoke } from "./queries.ts";

/** Who has access, taken back by a cross and a second press; the last openings below. */
export function AccessColumn({ owner, id }: { owner: string; id: string }) {
  const { t } = useTranslation(["sharing", "common"]);
  const { data, error } = useQuery(accessQuery(owner, id));
  const open = data?.access.filter((row) => row.state === "open") ?? [];
  const ended = data?.access.filter((row) => row.state !== "open") ?? [];
  return (
    <aside className="share-right" aria-label={t("access.title")}>
      <h3>{t("access.title")}</h3>
      {error && <p className="share-note">{sayRefusal(error)}</p>}
      {data && open.length === 0 && <p className="faint">{t("access.none")}</p>}
      <ul className="access">
        {open.map((row) => (
          <Access key={row.grant} row={row} owner={owner} study={id} />
        ))}
      </ul>
      {ended.length > 0 && (
        <details className="access-ended">
          <summary>{t("access.earlier", { count: ended.length })}</summary>
          <ul className="access">
            {ended.map((row) => (
              <li key={row.grant}>
                <Mark row={row} />
                <div>
                  {row.name}
                  <div className="faint">{t(`access.state.${row.state}`)}</div>
                  <div className="faint">{origin(row, t)}</div>
                </div>
              </li>
            ))}
          </ul>
        </details>
      )}
      <ConsentList study={id} />
      <h3>{t("access.openings")}</h3>
      {data?.openings.length === 0 && <p className="faint">{t("access.noOpenings")}</p>}
      <ol className="openings">
        {data?.openings.slice(0, 8).map((one) => (
          <li key={`${one.at} ${one.who} ${one.what}`}>
            <time dateTime={one.at} title={moment(one.at)}>
              {isToday(one.at) ? clock(one.at) : shortDay(one.at)}
            </time>{" "}
            {one.who}, {sayCode("sharing:what", one.what) ?? one.what}
          </li>
        ))}
      </ol>
      <span className="seal share-seal">{t("access.ledger")}</span>
    </aside>
  );
}

const isToday = (at: string) => new Date(at).toDateString() === new Date().toDateString();

function Mark({ row }: { row: AccessRow }) {
  return (
    <span className="access-mark">
      {row.kind === "link" ? <IconArrowUpRight size={14} aria-hidden /> : initials(row.name)}
    </span>
  );
}

function Access({ row, owner, study }: { row: AccessRow; owner: string; study: string }) {
  const { t } = useTranslation(["sharing", "common"]);
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const take = useMutation({
    mutationFn: () => revoke(row.grant),
    onSuccess: async () => {
      notifications.show({ message: t("access.revoked", { name: row.name }) });
      await queries.invalidateQueries({ queryKey: ["access", owner, study] });
    },
    onError: (thrown) => notifications.show({ message: sayRefusal(thrown), color: "red" }),
  });
  return (
    <li>
      <Mark row={row} />
      <div>
        {row.name}
        <div className="faint" title={[t(`common:purpose.${row.purpose}`), row.basisTitle].filter(Boolean).join(": ")}>
          {details(row, t)}
        </div>
        <div className="faint">{origin(row, t)}</div>
        {asking && (
          <div className="access-sure">
            <Button
              size="compact-xs"
              color="red"
              variant="filled"
              loading={take.isPending}
              onClick={() => take.mutate()}
            >
              {t("access.revokeNow")}
            </Button>
            <Button size="compact-xs" variant="default" onClick={() => setAsking(false)}>
              {t("common:cancel")}
            </Button>
          </div>
        )}
      </div>
      {!asking && (
        <CloseButton
          size="sm"
          aria-label={t("access.revoke", { name: row.name })}
          title={t("access.revoke", { name: row.name })}
          onClick={() => setAsking(true)}
        />
      )}
    </li>
  );
}

type Say = ReturnType<typeof useTranslation<["sharing", "common"]>>["t"];

/** What tells two links for one person apart: when, by whom, and what opens them. */
function origin(row: AccessRow, t: Say): string {
  const at = moment(row.madeAt);
  const made = row.madeBy ? t("access.madeBy", { at, name: row.madeBy }) : t("access.made", { at });
  return row.challenge ? `${made} · ${t(`access.opensBy.${row.challenge}`, { address: row.address ?? "" })}` : made;
}

function details(row: AccessRow, t: Say): string {
  if (row.kind === "link") {
    const uses =
      row.maxUses === null
        ? t("access.usesAny", { count: row.uses })
        : t("access.uses", { uses: row.uses, max: row.maxUses });
    return `${t("access.link")} · ${uses} · ${t("access.ends", { date: shortDay(row.until) })}`;
  }
  const opened = row.lastOpenedAt
    ? t("access.opened", { at: moment(row.lastOpenedAt) })
    : t("access.ends", { date: shortDay(row.until) });
  return `${t(`common:basis.${row.basis}`).toLowerCase()} · ${opened}`;
}

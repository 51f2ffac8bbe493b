import { Button, Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconDownload } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { AUDIT_ACTIONS, type AuditAction } from "#contract/audit.ts";
import { Refused } from "../api.ts";
import { Page } from "../ui/Page.tsx";
import { sayCode, sayRefusal } from "../words/say.ts";
import { AuditRows } from "./AuditRows.tsx";
import { LedgerProof } from "./LedgerProof.tsx";
import { type AuditFilters, auditQuery, NO_FILTERS } from "./queries.ts";
import "./audit.css";

/** The question of questions: everything by which somebody saw a patient's images or report. */
const SAW = [
  "study.view",
  "study.thumbnail",
  "study.retrieve",
  "study.download",
  "link.open",
  "report.view",
  "report.download",
] as const satisfies AuditAction[];

/** Who saw whose images, when, by which right; and whether the record still holds. */
export function AuditPage() {
  const { t } = useTranslation(["admin", "audit"]);
  const [filters, setFilters] = useState(NO_FILTERS);
  const [asked] = useDebouncedValue(filters, 250);
  const actions = [
    { value: SAW.join(","), label: t("audit:saw") },
    ...AUDIT_ACTIONS.map((action) => ({ value: action as string, label: sayCode("audit:action", action) ?? action })),
  ];
  const list = useInfiniteQuery(auditQuery(asked));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const field = (name: keyof AuditFilters, placeholder?: string) => (
    <TextInput
      label={t(`audit.${name}`)}
      type={name === "from" || name === "to" ? "date" : "search"}
      placeholder={placeholder ?? ""}
      value={filters[name]}
      autoComplete="off"
      onChange={(event) => setFilters({ ...filters, [name]: event.currentTarget.value })}
    />
  );
  if (list.error instanceof Refused && list.error.status === 403)
    return (
      <main className="audit">
        <Page title={t("audit.title")} lead={t("audit.lead")}>
          <p className="page-error">{sayRefusal(list.error)}</p>
        </Page>
      </main>
    );
  return (
    <main className="audit">
      <Page
        title={t("audit.title")}
        lead={t("audit.lead")}
        actions={
          <Button
            component="a"
            href="/api/audit/export"
            download
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            title={t("audit.exportText")}
          >
            {t("audit.export")}
          </Button>
        }
      >
        <LedgerProof />
        <search className="audit-filters">
          {field("patient", t("audit.patientHint"))}
          {field("person")}
          <Select
            label={t("audit.action")}
            searchable
            clearable
            data={actions}
            value={filters.action || null}
            onChange={(action) => setFilters({ ...filters, action: action ?? "" })}
          />
          {field("from")}
          {field("to")}
        </search>
        {list.error ? (
          <p className="page-error">{sayRefusal(list.error)}</p>
        ) : (
          <AuditRows rows={rows} waiting={list.isPending} />
        )}
        {list.hasNextPage && (
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t("audit.more")}
          </Button>
        )}
      </Page>
    </main>
  );
}

import { Button, Modal } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AgreementRow } from "#contract/people.ts";
import { ask, Nothing } from "../api.ts";
import { useSession } from "../session.ts";
import { partnersQuery } from "../sharing/queries.ts";
import { Confirm } from "../ui/Confirm.tsx";
import { day } from "../ui/format.ts";
import { Page, Table } from "../ui/Page.tsx";
import { useNow } from "../ui/useNow.ts";
import { AgreementForm } from "./AgreementForm.tsx";

export function PartnersPage() {
  const { t } = useTranslation(["admin", "common", "sharing"]);
  const session = useSession();
  const queries = useQueryClient();
  const { data: agreements = [] } = useQuery(partnersQuery);
  const [adding, setAdding] = useState(false);
  const [ending, setEnding] = useState<AgreementRow>();
  const refresh = () => queries.invalidateQueries({ queryKey: ["partners"] });
  return (
    <Page
      title={t("partners.title")}
      lead={t("partners.lead")}
      actions={session.can.administer && <Button onClick={() => setAdding(true)}>{t("partners.add")}</Button>}
    >
      <Table
        label={t("partners.title")}
        rows={agreements}
        id={(one) => one.id}
        empty={t("partners.none")}
        columns={[
          {
            key: "partner",
            label: t("partners.partner"),
            cell: (one) => (
              <>
                {one.partner.name}
                <small>
                  {one.given ? t("partners.given") : t("partners.received")} {one.reference && `· ${one.reference}`}
                </small>
              </>
            ),
          },
          {
            key: "kind",
            label: t("partners.kind"),
            cell: (one) => t(`sharing:agreement.kinds.${one.kind as "operator"}`, { defaultValue: one.kind }),
          },
          {
            key: "purposes",
            label: t("partners.purposes"),
            cell: (one) => one.purposes.map((purpose) => t(`common:purpose.${purpose}`)).join(", "),
          },
          {
            key: "period",
            label: t("partners.period"),
            cell: (one) => (
              <span className="muted">
                {day(one.from)} – {day(one.until)}
              </span>
            ),
          },
          {
            key: "grants",
            label: t("partners.grants"),
            cell: (one) => t("partners.grantCount", { count: one.grants }),
          },
          { key: "state", label: t("partners.state"), cell: (one) => <State one={one} /> },
          {
            key: "do",
            label: "",
            cell: (one) =>
              session.can.administer &&
              one.given &&
              !one.endedAt && (
                <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setEnding(one)}>
                  {t("partners.end")}
                </Button>
              ),
          },
        ]}
      />
      <Modal opened={adding} onClose={() => setAdding(false)} title={t("partners.add")} size={620}>
        <AgreementForm
          purposes={["care", "second-opinion"]}
          onCancel={() => setAdding(false)}
          onRecorded={() => {
            setAdding(false);
            void refresh();
          }}
        />
      </Modal>
      {ending && (
        <Confirm
          title={t("partners.endTitle", { name: ending.partner.name })}
          text={t("partners.endText", { count: ending.grants })}
          action={t("partners.end")}
          onDo={() => ask(`/api/partners/${ending.id}/end`, Nothing, { body: {} }).then(refresh)}
          onClose={() => setEnding(undefined)}
        />
      )}
    </Page>
  );
}

function State({ one }: { one: AgreementRow }) {
  const { t } = useTranslation("admin");
  const now = useNow();
  const [kind, words] = one.endedAt
    ? ["off", t("partners.ended", { date: day(one.endedAt) })]
    : Date.parse(one.until) < now
      ? ["off", t("partners.expired")]
      : Date.parse(one.from) > now
        ? ["wait", t("partners.future", { date: day(one.from) })]
        : ["ok", t("partners.running")];
  return (
    <span className="tag" data-kind={kind}>
      {words}
    </span>
  );
}

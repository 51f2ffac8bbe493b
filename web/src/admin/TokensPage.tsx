import { Button, Modal, MultiSelect, NumberInput, Select, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import { CreatedToken, type TokenRow } from "#contract/people.ts";
import { PURPOSES, type Purpose, SCOPES, type TokenScope } from "#contract/words.ts";
import { ask, Nothing } from "../api.ts";
import { Confirm } from "../ui/Confirm.tsx";
import { Copyable } from "../ui/Copyable.tsx";
import { day, moment } from "../ui/format.ts";
import { Page, Table } from "../ui/Page.tsx";
import { useForm } from "../ui/useForm.ts";
import { useNow } from "../ui/useNow.ts";
import { tokensQuery } from "./queries.ts";

type Row = z.infer<typeof TokenRow>;

export function TokensPage() {
  const { t } = useTranslation(["admin", "common"]);
  const queries = useQueryClient();
  const { data: tokens = [] } = useQuery(tokensQuery);
  const now = useNow();
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string>();
  const [revoking, setRevoking] = useState<Row>();
  const refresh = () => queries.invalidateQueries({ queryKey: ["tokens"] });
  return (
    <Page
      title={t("tokens.title")}
      lead={t("tokens.lead")}
      actions={<Button onClick={() => setAdding(true)}>{t("tokens.add")}</Button>}
    >
      <Table
        label={t("tokens.title")}
        rows={tokens}
        id={(token) => token.id}
        empty={t("tokens.none")}
        columns={[
          { key: "name", label: t("tokens.name"), cell: (token) => token.name },
          {
            key: "scopes",
            label: t("tokens.scopes"),
            cell: (token) => <span className="mono">{token.scopes.join(" ")}</span>,
          },
          { key: "purpose", label: t("tokens.purpose"), cell: (token) => t(`common:purpose.${token.purpose}`) },
          {
            key: "ends",
            label: t("tokens.ends"),
            cell: (token) => (
              <span className="tag" data-kind={token.revokedAt || Date.parse(token.expiresAt) < now ? "off" : "ok"}>
                {token.revokedAt ? t("tokens.revoked", { date: day(token.revokedAt) }) : day(token.expiresAt)}
              </span>
            ),
          },
          {
            key: "used",
            label: t("tokens.used"),
            cell: (token) => (
              <span className="muted">{token.lastUsedAt ? moment(token.lastUsedAt) : t("tokens.never")}</span>
            ),
          },
          {
            key: "do",
            label: "",
            cell: (token) =>
              !token.revokedAt && (
                <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setRevoking(token)}>
                  {t("tokens.revoke")}
                </Button>
              ),
          },
        ]}
      />
      {adding && (
        <TokenForm
          onClose={() => setAdding(false)}
          onCreated={(made) => {
            setAdding(false);
            setSecret(made);
            void refresh();
          }}
        />
      )}
      <Modal
        opened={secret !== undefined}
        onClose={() => setSecret(undefined)}
        title={t("tokens.createdTitle")}
        size={560}
        closeOnClickOutside={false}
      >
        <div className="page-form">
          <p className="muted">{t("tokens.createdText")}</p>
          <Copyable text={secret ?? ""} />
          <div className="page-end">
            <Button onClick={() => setSecret(undefined)}>{t("common:done")}</Button>
          </div>
        </div>
      </Modal>
      {revoking && (
        <Confirm
          title={t("tokens.revokeTitle", { name: revoking.name })}
          text={t("tokens.revokeText")}
          action={t("tokens.revoke")}
          onDo={() => ask(`/api/tokens/${revoking.id}`, Nothing, { method: "DELETE" }).then(refresh)}
          onClose={() => setRevoking(undefined)}
        />
      )}
    </Page>
  );
}

function TokenForm({ onClose, onCreated }: { onClose: () => void; onCreated: (secret: string) => void }) {
  const { t } = useTranslation(["admin", "common"]);
  const form = useForm(
    { name: "", scopes: ["dicomweb.read"] as TokenScope[], purpose: "care" as Purpose, expiresInDays: 90 },
    async (values) => {
      onCreated((await ask("/api/tokens", CreatedToken, { body: values })).token);
    },
  );
  const { values, set } = form;
  return (
    <Modal opened onClose={onClose} title={t("tokens.add")} size={480}>
      <form className="page-form" onSubmit={form.onSubmit}>
        <TextInput
          data-autofocus
          label={t("tokens.name")}
          required
          withAsterisk={false}
          maxLength={120}
          value={values.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <MultiSelect
          label={t("tokens.scopes")}
          data={[...SCOPES]}
          value={values.scopes}
          onChange={(next) => set({ scopes: next as TokenScope[] })}
        />
        <div className="page-two">
          <Select
            label={t("tokens.purpose")}
            allowDeselect={false}
            value={values.purpose}
            onChange={(next) => next && set({ purpose: next as Purpose })}
            data={PURPOSES.map((purpose) => ({ value: purpose, label: t(`common:purpose.${purpose}`) }))}
          />
          <NumberInput
            label={t("tokens.days")}
            min={1}
            max={365}
            allowDecimal={false}
            value={values.expiresInDays}
            onChange={(next) => typeof next === "number" && set({ expiresInDays: next })}
          />
        </div>
        {form.error && (
          <p role="alert" className="page-error">
            {form.error}
          </p>
        )}
        <div className="page-end">
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button type="submit" loading={form.busy} disabled={values.scopes.length === 0}>
            {t("tokens.create")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

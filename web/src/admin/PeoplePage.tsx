import { Button, Modal, MultiSelect, Select, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PersonRow } from "#contract/people.ts";
import { ROLES, type Role } from "#contract/words.ts";
import { ask, Nothing } from "../api.ts";
import { sessionQuery, useSession } from "../session.ts";
import { Confirm } from "../ui/Confirm.tsx";
import { moment } from "../ui/format.ts";
import { Page, Table } from "../ui/Page.tsx";
import { useForm } from "../ui/useForm.ts";
import { sayRefusal } from "../words/say.ts";
import { peopleQuery } from "./queries.ts";

const KIND = { active: "ok", invited: "wait", dismissed: "off" } as const;

export function PeoplePage() {
  const { t } = useTranslation(["admin", "common"]);
  const session = useSession();
  const queries = useQueryClient();
  const { data: people = [] } = useQuery(peopleQuery);
  const [inviting, setInviting] = useState(false);
  const [leaving, setLeaving] = useState<PersonRow>();
  const refresh = () => queries.invalidateQueries({ queryKey: ["people"] });
  return (
    <Page
      title={t("people.title")}
      lead={t("people.lead")}
      actions={<Button onClick={() => setInviting(true)}>{t("people.invite")}</Button>}
    >
      <Table
        label={t("people.title")}
        rows={people}
        id={(person) => person.id}
        empty={t("common:none")}
        columns={[
          {
            key: "name",
            label: t("people.name"),
            cell: (person) => (
              <>
                {person.displayName}{" "}
                {person.id === session.person.id && <span className="faint">({t("people.you")})</span>}
                <small>{person.email}</small>
              </>
            ),
          },
          {
            key: "roles",
            label: t("people.roles"),
            cell: (person) => (
              <Roles
                person={person}
                onChanged={async () => {
                  await refresh();
                  if (person.id === session.person.id)
                    await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
                }}
              />
            ),
          },
          {
            key: "status",
            label: t("people.status"),
            cell: (person) => (
              <span className="tag" data-kind={KIND[person.status]}>
                {t(`people.statuses.${person.status}`)}
              </span>
            ),
          },
          {
            key: "seen",
            label: t("people.seen"),
            cell: (person) => (
              <span className="muted">{person.lastSeenAt ? moment(person.lastSeenAt) : t("people.never")}</span>
            ),
          },
          {
            key: "do",
            label: "",
            cell: (person) =>
              person.status !== "dismissed" &&
              person.id !== session.person.id && (
                <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setLeaving(person)}>
                  {t("people.dismiss")}
                </Button>
              ),
          },
        ]}
      />
      {inviting && <InviteForm onClose={() => setInviting(false)} onSent={refresh} />}
      {leaving && (
        <Confirm
          title={t("people.dismissTitle", { name: leaving.displayName })}
          text={t("people.dismissText", { name: leaving.displayName })}
          action={t("people.dismiss")}
          onDo={() => ask(`/api/people/${leaving.id}`, Nothing, { method: "DELETE" }).then(refresh)}
          onClose={() => setLeaving(undefined)}
        />
      )}
    </Page>
  );
}

function Roles({ person, onChanged }: { person: PersonRow; onChanged: () => Promise<void> }) {
  const { t } = useTranslation(["admin", "common"]);
  const [roles, setRoles] = useState<Role[]>(person.roles);
  if (person.status === "dismissed")
    return <span className="muted">{person.roles.map((role) => t(`common:role.${role}`)).join(", ")}</span>;
  const change = async (next: Role[]) => {
    setRoles(next);
    try {
      await ask(`/api/people/${person.id}/roles`, Nothing, { method: "PUT", body: { roles: next } });
      notifications.show({ message: t("people.changed") });
      await onChanged();
    } catch (thrown) {
      setRoles(person.roles);
      notifications.show({ message: sayRefusal(thrown), color: "red" });
    }
  };
  return (
    <MultiSelect
      aria-label={`${t("people.roles")}: ${person.displayName}`}
      variant="unstyled"
      size="sm"
      miw={220}
      value={roles}
      onChange={(next) => void change(next as Role[])}
      data={ROLES.map((role) => ({ value: role, label: t(`common:role.${role}`) }))}
    />
  );
}

function InviteForm({ onClose, onSent }: { onClose: () => void; onSent: () => Promise<void> }) {
  const { t } = useTranslation(["admin", "common"]);
  const form = useForm({ displayName: "", email: "", role: "radiologist" as Role }, async (values) => {
    await ask("/api/people", Nothing, { body: { ...values, email: values.email.trim() } });
    notifications.show({ message: t("people.sent", { email: values.email.trim() }) });
    await onSent();
    onClose();
  });
  return (
    <Modal opened onClose={onClose} title={t("people.inviteTitle")} size={460}>
      <form className="page-form" onSubmit={form.onSubmit}>
        <p className="muted">{t("people.inviteText")}</p>
        <TextInput
          data-autofocus
          label={t("people.name")}
          required
          withAsterisk={false}
          maxLength={120}
          value={form.values.displayName}
          onChange={(event) => form.set({ displayName: event.currentTarget.value })}
        />
        <TextInput
          label={t("people.email")}
          type="email"
          required
          withAsterisk={false}
          maxLength={254}
          value={form.values.email}
          onChange={(event) => form.set({ email: event.currentTarget.value })}
        />
        <Select
          label={t("people.role")}
          allowDeselect={false}
          value={form.values.role}
          onChange={(role) => role && form.set({ role: role as Role })}
          data={ROLES.map((role) => ({ value: role, label: t(`common:role.${role}`) }))}
        />
        {form.error && (
          <p role="alert" className="page-error">
            {form.error}
          </p>
        )}
        <div className="page-end">
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t("people.send")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

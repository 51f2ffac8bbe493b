import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconFingerprint } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask, Nothing } from "../api.ts";
import { sessionQuery, useSession } from "../session.ts";
import { addPasskey, deletePasskey, listPasskeys } from "../signin/auth.ts";
import { day } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { RestNote } from "../ui/RestNote.tsx";
import { type RoomChoice, useRoomChoice } from "../ui/room.ts";
import { useForm } from "../ui/useForm.ts";
import { sayRefusal } from "../words/say.ts";

/** How I sign in, and the lights. */
export function AccountPage() {
  const { t } = useTranslation(["admin", "common"]);
  const session = useSession();
  const [room, choose] = useRoomChoice();
  return (
    <main>
      <Page
        title={session.person.displayName}
        lead={`${session.person.email} · ${session.organisation.name} · ${session.roles.map((role) => t(`common:role.${role}`)).join(", ")}`}
      >
        <RestNote />
        <OwnName />
        <section className="page-card page-form">
          <p>
            {t("account.signedIn", { factor: t(`account.factor.${session.factor}`) })}.{" "}
            <span className="muted">{t("account.idle", { count: session.idleMinutes })}</span>
          </p>
        </section>
        <Passkeys />
        <section className="page-card page-form">
          <h2 id="lights">{t("account.room")}</h2>
          <SegmentedControl
            aria-labelledby="lights"
            value={room}
            onChange={(value) => choose(value as RoomChoice)}
            data={(["auto", "dark", "light"] as const).map((value) => ({ value, label: t(`account.rooms.${value}`) }))}
          />
        </section>
      </Page>
    </main>
  );
}

function OwnName() {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const before = useSession().person.displayName;
  const form = useForm({ displayName: before }, async (values) => {
    await ask("/api/account/name", Nothing, { method: "PUT", body: values });
    await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    notifications.show({ message: t("account.nameSaved") });
  });
  const name = form.values.displayName.trim();
  return (
    <form className="page-card page-form" onSubmit={form.onSubmit}>
      <TextInput
        label={t("account.name")}
        description={t("account.nameText")}
        autoComplete="name"
        required
        withAsterisk={false}
        maxLength={120}
        value={form.values.displayName}
        onChange={(event) => form.set({ displayName: event.currentTarget.value })}
      />
      {form.error && (
        <p role="alert" className="page-error">
          {form.error}
        </p>
      )}
      <div>
        <Button type="submit" variant="default" loading={form.busy} disabled={name === "" || name === before}>
          {t("account.nameSave")}
        </Button>
      </div>
    </form>
  );
}

function Passkeys() {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const { data: passkeys = [] } = useQuery({ queryKey: ["passkeys"], queryFn: listPasskeys, retry: false });
  const change = async (work: Promise<unknown>, done?: string) => {
    try {
      await work;
      if (done) notifications.show({ message: done });
      await queries.invalidateQueries({ queryKey: ["passkeys"] });
    } catch (thrown) {
      notifications.show({ message: sayRefusal(thrown), color: "red" });
    }
  };
  return (
    <section className="page-card page-form">
      <div>
        <h2>{t("account.passkeys")}</h2>
        <p className="muted">{t("account.passkeysText")}</p>
      </div>
      {passkeys.length === 0 && <p className="faint">{t("account.none")}</p>}
      {passkeys.map((passkey) => (
        <div key={passkey.id} className="page-row">
          <IconFingerprint size={18} aria-hidden />
          {passkey.name || t("account.thisDevice")}
          {passkey.createdAt && <span className="muted">{t("account.since", { date: day(passkey.createdAt) })}</span>}
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            onClick={() => void change(deletePasskey(passkey.id))}
          >
            {t("account.remove")}
          </Button>
        </div>
      ))}
      <div>
        <Button variant="default" onClick={() => void change(addPasskey(t("account.thisDevice")), t("account.added"))}>
          {t("account.add")}
        </Button>
      </div>
    </section>
  );
}

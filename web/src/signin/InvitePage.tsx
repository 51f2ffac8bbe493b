import { Anchor, Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { InvitationCard } from "#contract/people.ts";
import { ask } from "../api.ts";
import { acceptInvitation, type NextStep } from "./auth.ts";
import { CodeStep } from "./CodeStep.tsx";
import { EnrolStep } from "./EnrolStep.tsx";
import { Frame } from "./Frame.tsx";
import { sayFailure } from "./failure.ts";
import { NewPassword } from "./NewPassword.tsx";
import { useEnter } from "./SigninPage.tsx";
import { useSecret } from "./secret.ts";

/** From an invitation to a protected account: look, choose a password, set up the second factor. */
export function InvitePage() {
  const { t } = useTranslation(["signin", "common"]);
  const secret = useSecret();
  const enter = useEnter();
  const [password, setPassword] = useState("");
  const [chosen, setChosen] = useState<string>();
  const [next, setNext] = useState<NextStep>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const card = useQuery({
    queryKey: ["invitation"],
    queryFn: () => ask("/api/invitation/look", InvitationCard, { body: { secret }, quiet401: true }),
    enabled: secret !== undefined,
    retry: false,
    gcTime: 0,
  });
  if (next === "enrol") return <EnrolStep password={password} onDone={enter} />;
  if (next === "code") return <CodeStep onDone={enter} onBack={() => window.location.assign("/signin")} />;
  if (!secret || card.isError)
    return (
      <Frame title={t("title")} lead={secret ? t("inviteClosed") : t("noSecret")}>
        <Anchor component={Link} to="/signin">
          {t("toSignIn")}
        </Anchor>
      </Frame>
    );
  if (!card.data) return <Frame title={t("common:loading")}>{null}</Frame>;
  const name = chosen ?? card.data.displayName;
  const accept = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      setNext(await acceptInvitation(secret, password, name));
    } catch (thrown) {
      setError(sayFailure(thrown, t("inviteClosed")));
    }
    setBusy(false);
  };
  return (
    <Frame
      title={t("inviteTitle", { organisation: card.data.organisation.name })}
      lead={t("inviteLead", { role: t(`common:role.${card.data.role}`) })}
    >
      <form onSubmit={(event) => void accept(event)}>
        <TextInput label={t("email")} size="md" type="email" autoComplete="username" readOnly value={card.data.email} />
        <TextInput
          label={t("inviteName")}
          description={t("inviteNameWhat")}
          size="md"
          autoComplete="name"
          required
          withAsterisk={false}
          maxLength={120}
          value={name}
          onChange={(event) => setChosen(event.currentTarget.value)}
        />
        <NewPassword value={password} onChange={setPassword} />
        {error && (
          <p role="alert" className="frame-error">
            {error}
          </p>
        )}
        <Button type="submit" size="md" loading={busy} disabled={password.length < 12 || name.trim() === ""}>
          {t("inviteAccept")}
        </Button>
      </form>
    </Frame>
  );
}

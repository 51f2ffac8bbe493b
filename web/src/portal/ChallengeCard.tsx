import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Refused } from "../api.ts";
import { CodeBoxes } from "../ui/CodeBoxes.tsx";
import { BirthDate, NO_BIRTH_DATE } from "./BirthDate.tsx";
import type { birthDateOf } from "./birth-date.ts";
import type { LinkCard } from "./client.ts";
import { LanguagePick } from "./LanguagePick.tsx";
import { OrganisationMark } from "./OrganisationMark.tsx";
import { troubleOf } from "./trouble.ts";
import { longDay } from "./when.ts";

type Props = {
  card: LinkCard;
  onAnswer: (answer: string) => Promise<void>;
  onSendCode: () => Promise<unknown>;
  /** `lastTry`: this very answer was the last that could be given. */
  onClosed: (lastTry: boolean) => void;
};

/** Who shares, how to prove who you are, one button. Looking at this page counts nothing. */
export function ChallengeCard({ card, onAnswer, onSendCode, onClosed }: Props) {
  const { t } = useTranslation("portal");
  const [answer, setAnswer] = useState("");
  const [birth, setBirth] = useState<ReturnType<typeof birthDateOf>>(NO_BIRTH_DATE);
  const [error, setError] = useState<string>();
  const [left, setLeft] = useState<number>();
  const [busy, setBusy] = useState(false);
  const code = useCode(onSendCode, (thrown) => {
    if (isClosed(thrown)) onClosed(false);
    else setError(troubleOf(thrown, t));
  });
  const submit = async (given: string) => {
    setBusy(true);
    setError(undefined);
    try {
      await onAnswer(given);
    } catch (thrown) {
      if (isClosed(thrown)) onClosed(left === 1);
      else if (thrown instanceof Refused && (thrown.status === 403 || thrown.status === 400)) {
        setLeft(thrown.left);
        setError(thrown.left === undefined ? t("card.wrong") : t("card.wrongLeft", { count: thrown.left }));
      } else setError(troubleOf(thrown, t));
      setAnswer("");
    }
    setBusy(false);
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (card.challenge === "code" && !code.sent) void code.send();
    else if (card.challenge !== "birth-date") void submit(answer);
    else if ("problem" in birth) setError(t(`card.${birth.problem}`));
    else void submit(birth.date);
  };
  const name = card.organisation.name;
  return (
    <main className="portal portal-card">
      <div className="portal-top">
        <OrganisationMark organisation={card.organisation} big />
        <LanguagePick offered={card.organisation.languages} />
      </div>
      <h1>{t("card.title", { organisation: name })}</h1>
      <Why card={card} codeSent={code.sent} />
      <form onSubmit={onSubmit} noValidate>
        {card.challenge === "code" && code.sent && (
          <CodeBoxes
            label={t("card.codeLabel")}
            value={answer}
            onChange={setAnswer}
            onComplete={(value) => void submit(value)}
            error={error}
            autoFocus
            disabled={busy}
          />
        )}
        {card.challenge === "password" && (
          <label className="portal-field">
            {t("card.passwordLabel")}
            <input
              type="password"
              autoComplete="off"
              value={answer}
              onChange={(event) => setAnswer(event.currentTarget.value)}
              aria-invalid={error !== undefined}
            />
          </label>
        )}
        {card.challenge === "birth-date" && <BirthDate invalid={error !== undefined} onChange={setBirth} />}
        {error && !(card.challenge === "code" && code.sent) && (
          <p role="alert" className="portal-error">
            {error}
          </p>
        )}
        <button
          type="submit"
          className="portal-button portal-primary"
          disabled={busy || code.sending || (card.challenge === "password" && answer === "")}
        >
          {card.challenge === "code" && !code.sent ? t("card.codeSend") : t("card.open")}
        </button>
      </form>
      <p className="muted portal-small">{t("card.ends", { date: longDay(card.endsAt) })}</p>
      <footer className="portal-foot">
        {card.challenge === "code" && code.sent && (
          <button type="button" className="portal-text" disabled={code.wait > 0} onClick={() => void code.send()}>
            {code.wait > 0 ? t("card.codeAgainIn", { seconds: code.wait }) : t("card.codeAgain")}
          </button>
        )}
        <details>
          <summary>{t("card.notMe")}</summary>
          <p>{t("card.notMeText", { organisation: name })}</p>
        </details>
      </footer>
    </main>
  );
}

function Why({ card, codeSent }: { card: LinkCard; codeSent: boolean }) {
  const { t } = useTranslation("portal");
  if (card.challenge === "password") return <p className="muted">{t("card.password")}</p>;
  if (card.challenge === "birth-date") return <p className="muted">{t("card.birthDate")}</p>;
  const [before = "", after = ""] = t(codeSent ? "card.codeSent" : "card.codeBefore", { address: "\u0000" }).split(
    "\u0000",
  );
  return (
    <p className="muted">
      {before}
      <b className="portal-address">{card.maskedAddress}</b>
      {after}
    </p>
  );
}

const AGAIN_AFTER = 40;

function useCode(onSendCode: () => Promise<unknown>, onError: (thrown: unknown) => void) {
  const [sent, setSent] = useState(false);
  const [sending, setSending] = useState(false);
  const [wait, setWait] = useState(0);
  useEffect(() => {
    if (wait === 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1000);
    return () => clearTimeout(timer);
  }, [wait]);
  const send = async () => {
    setSending(true);
    try {
      await onSendCode();
      setSent(true);
      setWait(AGAIN_AFTER);
    } catch (thrown) {
      onError(thrown);
    }
    setSending(false);
  };
  return { sent, sending, wait, send };
}

const isClosed = (thrown: unknown) => thrown instanceof Refused && (thrown.status === 404 || thrown.status === 410);

import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Refused } from "../api.ts";
import { ChallengeCard } from "./ChallengeCard.tsx";
import * as client from "./client.ts";
import { LanguagePick } from "./LanguagePick.tsx";
import { ownAccent } from "./own-colour.ts";
import { StudyView } from "./StudyView.tsx";
import { troubleOf } from "./trouble.ts";
import "./portal.css";

type Stage =
  | { is: "wait" }
  | { is: "card"; card: client.LinkCard; secret: string }
  | { is: "study"; study: client.LinkStudy; earlier?: { id: string; from: client.LinkStudy } }
  | { is: "closed" }
  | { is: "forgotten" }
  | { is: "trouble"; thrown: unknown };

/** From a link to the images: look, prove who you are, press the button. Every refusal is the same closed door. */
export function App({ secret }: { secret: string | undefined }) {
  const { t, i18n } = useTranslation("portal");
  const [stage, setStage] = useState<Stage>({ is: "wait" });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    document.title = t("pageTitle");
    document.documentElement.lang = i18n.language;
  }, [t, i18n.language]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a turn is a new try
  useEffect(() => {
    let gone = false;
    arrive(secret).then(
      (next) => !gone && setStage(next),
      (thrown: unknown) => !gone && setStage(closedOr(thrown)),
    );
    return () => {
      gone = true;
    };
  }, [secret, turn]);

  const openEarlier = async (from: client.LinkStudy, id: string) => {
    try {
      setStage({ is: "study", study: await client.reopen(id), earlier: { id, from } });
    } catch (thrown) {
      setStage(closedOr(thrown));
    }
  };

  switch (stage.is) {
    case "wait":
      return <p className="portal portal-wait">{t("loading")}</p>;
    case "card":
      return (
        <ChallengeCard
          card={stage.card}
          onAnswer={async (answer) => setStage({ is: "study", study: await client.open(stage.secret, answer) })}
          onSendCode={() => client.sendCode(stage.secret)}
          onClosed={() => setStage({ is: "closed" })}
        />
      );
    case "study": {
      const { study, earlier } = stage;
      const main = earlier?.from ?? study;
      return (
        <StudyView
          key={study.series[0]?.id ?? ""}
          study={study}
          prior={earlier?.id}
          live
          onPrior={(id) => void openEarlier(main, id)}
          {...(earlier ? { onBack: () => setStage({ is: "study", study: main }) } : {})}
          onForget={() => void client.forget().finally(() => setStage({ is: "forgotten" }))}
          onClosed={() => setStage({ is: "closed" })}
        />
      );
    }
    case "closed":
      return <Plain title={t("closed.title")} text={t("closed.text")} />;
    case "forgotten":
      return <Plain title={t("study.forgotten")} />;
    case "trouble":
      return (
        <Plain title={troubleOf(stage.thrown, t)}>
          <button type="button" className="portal-button" onClick={() => setTurn(turn + 1)}>
            {t("trouble.again")}
          </button>
        </Plain>
      );
  }
}

/** A fresh link shows its card; a page that was reloaded goes on if this browser still holds the key it was given. */
async function arrive(secret: string | undefined): Promise<Stage> {
  if (!secret) {
    const study = await client.reopen();
    ownAccent(study.organisation.colour);
    return { is: "study", study };
  }
  const card = await client.look(secret);
  ownAccent(card.organisation.colour);
  return { is: "card", card, secret };
}

function closedOr(thrown: unknown): Stage {
  const closed =
    thrown instanceof Refused &&
    (thrown.status === 404 || thrown.status === 401 || thrown.status === 400 || thrown.status === 410);
  return closed ? { is: "closed" } : { is: "trouble", thrown };
}

function Plain({ title, text, children }: { title: string; text?: string; children?: React.ReactNode }) {
  return (
    <main className="portal portal-plain">
      <div className="portal-top">
        <span className="portal-mark" aria-hidden="true" />
        <LanguagePick />
      </div>
      <h1>{title}</h1>
      {text && <p className="muted">{text}</p>}
      {children}
    </main>
  );
}

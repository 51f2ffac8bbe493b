import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Refused } from "../api.ts";
import { ChallengeCard } from "./ChallengeCard.tsx";
import { Closed } from "./Closed.tsx";
import * as client from "./client.ts";
import { ownAccent } from "./own-colour.ts";
import { Plain } from "./Plain.tsx";
import { troubleOf } from "./trouble.ts";
import { Visit } from "./Visit.tsx";
import "./portal.css";

type Stage =
  | { is: "wait" }
  | { is: "card"; card: client.LinkCard; secret: string }
  | { is: "study"; study: client.LinkStudy }
  | { is: "closed"; known?: client.LinkCard["organisation"]; lastTry?: boolean }
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

  const onClosed = useCallback(
    (lastTry = false) =>
      setStage((before) => {
        const known = before.is === "card" ? before.card : before.is === "study" ? before.study : undefined;
        return { is: "closed", lastTry, ...(known ? { known: known.organisation } : {}) };
      }),
    [],
  );
  const onRefused = useCallback((thrown: unknown) => setStage(closedOr(thrown)), []);

  switch (stage.is) {
    case "wait":
      return <p className="portal portal-wait">{t("loading")}</p>;
    case "card":
      return (
        <ChallengeCard
          card={stage.card}
          onAnswer={async (answer) => setStage({ is: "study", study: await client.open(stage.secret, answer) })}
          onSendCode={() => client.sendCode(stage.secret)}
          onClosed={onClosed}
        />
      );
    case "study":
      return (
        <Visit
          main={stage.study}
          onForget={() => void client.forget().finally(() => setStage({ is: "forgotten" }))}
          onClosed={onClosed}
          onRefused={onRefused}
        />
      );
    case "closed":
      return <Closed secret={secret} known={stage.known} lastTry={stage.lastTry ?? false} />;
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

/** A fresh link shows its card; a page that was reloaded, or a link tapped again, goes on if this browser still holds the key it was given. */
async function arrive(secret: string | undefined): Promise<Stage> {
  if (!secret) {
    const study = await client.reopen();
    ownAccent(study.organisation.colour);
    return { is: "study", study };
  }
  const card = await client.look(secret);
  ownAccent(card.organisation.colour);
  if (card.inside) return { is: "study", study: await client.reopen() };
  return { is: "card", card, secret };
}

function closedOr(thrown: unknown): Stage {
  const closed =
    thrown instanceof Refused &&
    (thrown.status === 404 || thrown.status === 401 || thrown.status === 400 || thrown.status === 410);
  return closed ? { is: "closed" } : { is: "trouble", thrown };
}

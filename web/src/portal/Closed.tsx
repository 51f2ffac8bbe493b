import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import * as client from "./client.ts";
import { Plain } from "./Plain.tsx";

type Props = {
  secret: string | undefined;
  /** Whose card or images this page has just shown. */
  known: client.LinkCard["organisation"] | undefined;
  /** The answer just given was the last one that could be. */
  lastTry: boolean;
};

/** The closed door. A stranger reads the same words whatever is behind it; who was let in reads whose door it was, and why. */
export function Closed({ secret, known, lastTry }: Props) {
  const { t } = useTranslation("portal");
  const [ended, setEnded] = useState<client.LinkEnded | null>();
  useEffect(() => {
    let gone = false;
    client.ended(secret).then(
      (found) => !gone && setEnded(found),
      () => !gone && setEnded(null),
    );
    return () => {
      gone = true;
    };
  }, [secret]);
  const organisation = ended?.organisation ?? known;
  const because = ended?.because ?? (lastTry ? "tries" : undefined);
  const text = () => {
    if (ended === undefined && !because) return undefined;
    if (!organisation) return t("closed.text");
    const name = organisation.name;
    if (because === "away") return t("closed.away");
    return because
      ? `${t(`closed.because.${because}`, { organisation: name })} ${t("closed.ask", { organisation: name })}`
      : t("closed.known", { organisation: name });
  };
  return <Plain title={t("closed.title")} text={text()} organisation={organisation} />;
}

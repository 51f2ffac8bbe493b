import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type LinkStudy, reopen } from "./client.ts";
import { usePlaces } from "./places.ts";
import { StudyView } from "./StudyView.tsx";

type Props = {
  main: LinkStudy;
  onForget: () => void;
  onClosed: () => void;
  onRefused: (thrown: unknown) => void;
};

/** Inside a link: its study, the earlier ones shared with it, their reports and images, each a step that Back undoes. */
export function Visit({ main, onForget, onClosed, onRefused }: Props) {
  const { t } = useTranslation("portal");
  const { place, go, back } = usePlaces();
  const [earlier, setEarlier] = useState<{ id: string; study: LinkStudy }>();
  const prior = main.priors.find(({ id }) => id === place.prior)?.id;
  const study = prior === undefined ? main : earlier?.id === prior ? earlier.study : undefined;
  const missing = study === undefined ? prior : undefined;
  useEffect(() => {
    if (missing === undefined) return;
    let gone = false;
    reopen(missing).then(
      (found) => !gone && setEarlier({ id: missing, study: found }),
      (thrown: unknown) => !gone && onRefused(thrown),
    );
    return () => {
      gone = true;
    };
  }, [missing, onRefused]);
  if (!study) return <p className="portal portal-wait">{t("loading")}</p>;
  return (
    <StudyView
      key={prior ?? ""}
      study={study}
      prior={prior}
      live
      view={place.view}
      onView={(view) => go({ ...(prior === undefined ? {} : { prior }), view })}
      onPrior={(id) => go({ prior: id })}
      onBack={back}
      onForget={onForget}
      onClosed={onClosed}
    />
  );
}

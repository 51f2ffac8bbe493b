import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { sayRefusal } from "../words/say.ts";

/** A page that could not be drawn says so in one sentence and offers the two ways on. */
export function Oops({ error }: { error: unknown }) {
  const { t } = useTranslation();
  return (
    <main className="oops" role="alert">
      <p>{sayRefusal(error)}</p>
      <div className="oops-row">
        <Button variant="default" onClick={() => window.location.reload()}>
          {t("retry")}
        </Button>
        <Button variant="subtle" component="a" href="/studies">
          {t("nav.studies")}
        </Button>
      </div>
    </main>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { outboxQuery } from "../admin/queries.ts";
import { moment } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { sayRefusal } from "../words/say.ts";

/** The demo's mail, which never leaves: codes and invitations are read here. */
export function OutboxPage() {
  const { t } = useTranslation("admin");
  const { data: messages = [], error, isSuccess } = useQuery({ ...outboxQuery, refetchInterval: 3000 });
  return (
    <main>
      <Page title={t("outbox.title")} lead={t("outbox.lead")}>
        {error && <p className="page-error">{sayRefusal(error)}</p>}
        {isSuccess && messages.length === 0 && <p className="page-empty muted">{t("outbox.none")}</p>}
        {messages.map((message) => (
          <article key={message.id} className="page-card page-form">
            <header>
              <h2>{message.subject}</h2>
              <p className="muted">
                {t("outbox.to")} {message.to} · {moment(message.at)}
              </p>
            </header>
            <p style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
              <WithLinks text={message.body} />
            </p>
          </article>
        ))}
      </Page>
    </main>
  );
}

/** A text whose addresses can be followed, each in a window of its own: who reads the mail is seldom who is signed in here. */
function WithLinks({ text }: { text: string }) {
  return text.split(/(https?:\/\/\S+)/).map((part, at) =>
    at % 2 === 0 ? (
      part
    ) : (
      <a key={part} href={part} target="_blank" rel="noreferrer">
        {part}
      </a>
    ),
  );
}

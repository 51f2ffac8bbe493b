import type { ReactNode } from "react";
import type { LinkCard } from "./client.ts";
import { LanguagePick } from "./LanguagePick.tsx";
import { OrganisationMark } from "./OrganisationMark.tsx";

type Props = {
  title: string;
  text?: string | undefined;
  organisation?: LinkCard["organisation"] | undefined;
  children?: ReactNode;
};

/** One sentence, and what to do now. */
export function Plain({ title, text, organisation, children }: Props) {
  return (
    <main className="portal portal-plain">
      <div className="portal-top">
        {organisation ? (
          <OrganisationMark organisation={organisation} big />
        ) : (
          <span className="portal-mark" aria-hidden="true" />
        )}
        <LanguagePick />
      </div>
      <h1>{title}</h1>
      {text && <p className="muted">{text}</p>}
      {children}
    </main>
  );
}

import { Menu } from "@mantine/core";
import { IconCheck, IconLogout, IconUser } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Session } from "#contract/people.ts";
import { ask } from "../api.ts";
import { useSession } from "../session.ts";
import { signOut } from "../signin/auth.ts";
import { initials } from "./format.ts";

/** Who I am, for whom I work, and the way out. */
export function AccountMenu() {
  const { t } = useTranslation();
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    await signOut().catch(() => undefined);
    queries.clear();
    window.location.assign("/");
  };
  const workFor = async (organisation: string) => {
    await ask("/api/session/organisation", Session.partial().nullable(), { body: { organisation } });
    queries.clear();
    await navigate({ to: "/studies" });
  };
  return (
    <Menu position="right-end" width={264} offset={10}>
      <Menu.Target>
        <button type="button" className="rail-me">
          {initials(session.person.displayName)}
          <span className="sr-only">
            {t("nav.account")}: {session.person.displayName}
          </span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className="rail-who">
          <b>{session.person.displayName}</b>
          <span>{session.person.email}</span>
          <span>
            {session.organisation.name} · {session.roles.map((role) => t(`role.${role}`)).join(", ")}
          </span>
        </div>
        {session.memberships.length > 1 && (
          <>
            <Menu.Divider />
            <Menu.Label>{t("nav.workFor")}</Menu.Label>
            {session.memberships.map(({ organisation }) => (
              <Menu.Item
                key={organisation.id}
                leftSection={
                  organisation.id === session.organisation.id ? (
                    <IconCheck size={16} aria-hidden />
                  ) : (
                    <span style={{ width: 16 }} />
                  )
                }
                onClick={() => void workFor(organisation.id)}
              >
                {organisation.name}
              </Menu.Item>
            ))}
          </>
        )}
        <Menu.Divider />
        <Menu.Item leftSection={<IconUser size={16} aria-hidden />} onClick={() => void navigate({ to: "/account" })}>
          {t("nav.account")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void leave()}>
          {t("nav.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

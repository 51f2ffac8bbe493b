import { Tooltip } from "@mantine/core";
import {
  IconBulb,
  IconBulbOff,
  IconHistory,
  IconLayoutList,
  IconMail,
  IconSettings,
  IconSunMoon,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { firstAdminPage } from "../admin/pages.ts";
import { outboxQuery } from "../admin/queries.ts";
import { useSession } from "../session.ts";
import { AccountMenu } from "./AccountMenu.tsx";
import { Lamp } from "./Lamp.tsx";
import { type RoomChoice, useRoomChoice } from "./room.ts";
import "./shell.css";

/** The frame of every staff page: a dark rail that stays as it is in both rooms, and the page beside it. */
export function Shell() {
  const { t } = useTranslation();
  const session = useSession();
  const admin = firstAdminPage(session);
  const outbox = useQuery({ ...outboxQuery, enabled: session.demo, retry: false });
  return (
    <div className="shell">
      <a href="#content" className="shell-skip">
        {t("nav.skip")}
      </a>
      <nav className="rail room-dark" aria-label={t("nav.label")}>
        <Link to="/studies" className="rail-mark" aria-label={t("appName")}>
          <Lamp />
        </Link>
        <RailLink to="/studies" label={t("nav.studies")} icon={<IconLayoutList size={20} stroke={1.6} />} />
        {session.can.audit && (
          <RailLink to="/audit" label={t("nav.audit")} icon={<IconHistory size={20} stroke={1.6} />} />
        )}
        {admin && (
          <RailLink
            to={admin}
            label={t("nav.administration")}
            icon={<IconSettings size={20} stroke={1.6} />}
            section="/admin"
          />
        )}
        {outbox.isSuccess && (
          <RailLink to="/outbox" label={t("nav.outbox")} icon={<IconMail size={20} stroke={1.6} />} />
        )}
        <span className="rail-space" />
        <Lights />
        <AccountMenu />
      </nav>
      <div className="shell-page" id="content" tabIndex={-1}>
        <Outlet />
      </div>
    </div>
  );
}

function RailLink({ to, label, icon, section }: { to: string; label: string; icon: ReactNode; section?: string }) {
  return (
    <Tooltip label={label} position="right">
      <Link
        to={to}
        className="rail-item"
        aria-label={label}
        activeOptions={{ exact: false }}
        {...(section ? { "data-section": section } : {})}
      >
        {icon}
        <span className="rail-label">{label}</span>
      </Link>
    </Tooltip>
  );
}

const NEXT: Record<RoomChoice, RoomChoice> = { auto: "dark", dark: "light", light: "auto" };

function Lights() {
  const { t } = useTranslation();
  const [choice, choose] = useRoomChoice();
  const label = choice === "auto" ? t("nav.roomAuto") : choice === "dark" ? t("nav.roomDark") : t("nav.roomLight");
  const Icon = choice === "auto" ? IconSunMoon : choice === "dark" ? IconBulbOff : IconBulb;
  return (
    <Tooltip label={label} position="right">
      <button
        type="button"
        className="rail-item rail-lights"
        onClick={() => choose(NEXT[choice])}
        aria-label={`${t("nav.room")}. ${label}`}
      >
        <Icon size={20} stroke={1.6} aria-hidden />
      </button>
    </Tooltip>
  );
}

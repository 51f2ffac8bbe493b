import { Link, Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useSession } from "../session.ts";
import { RestNote } from "../ui/RestNote.tsx";
import { ADMIN_PAGES } from "./pages.ts";
import "./admin.css";

export function AdminLayout() {
  const { t } = useTranslation("admin");
  const session = useSession();
  return (
    <div className="admin">
      <nav className="admin-menu" aria-label={t("menu")}>
        <b>{session.organisation.name}</b>
        {ADMIN_PAGES.filter((page) => page.for(session)).map((page) => (
          <Link key={page.path} to={page.path}>
            {t(`${page.words}.title`)}
          </Link>
        ))}
      </nav>
      <main className="admin-page">
        <RestNote />
        <Outlet />
      </main>
    </div>
  );
}

import { Button, Popover, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { z } from "zod";
import { type Filters, filtersFromUrl, filtersToUrl, isFiltered } from "./filters.ts";

const KEY = "safelight.views";
const Views = z.array(z.object({ name: z.string(), search: z.record(z.string(), z.string().optional()) }));
type View = z.infer<typeof Views>[number];

/** Named filters, kept in this browser; the search text is never among them. */
export function SavedViews({ filters, onChoose }: { filters: Filters; onChoose: (filters: Filters) => void }) {
  const { t } = useTranslation(["worklist", "common"]);
  const [views, setViews] = useState(load);
  const [name, setName] = useState("");
  const [open, setOpen] = useState(false);
  const now = JSON.stringify(filtersToUrl(filters));
  const keep = (next: View[]) => {
    localStorage.setItem(KEY, JSON.stringify(next));
    setViews(next);
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim()) return;
    keep([...views.filter((view) => view.name !== name.trim()), { name: name.trim(), search: filtersToUrl(filters) }]);
    setName("");
    setOpen(false);
  };
  return (
    <>
      {views.map((view) => (
        <span
          key={view.name}
          className="chip chip-view"
          data-on={JSON.stringify(filtersToUrl(filtersFromUrl(view.search))) === now || undefined}
        >
          <button type="button" onClick={() => onChoose(filtersFromUrl(view.search))}>
            {view.name}
          </button>
          <button
            type="button"
            aria-label={t("filter.viewRemove", { name: view.name })}
            onClick={() => keep(views.filter((other) => other !== view))}
          >
            <IconX size={13} aria-hidden />
          </button>
        </span>
      ))}
      {isFiltered(filters) && (
        <Popover opened={open} onChange={setOpen} position="bottom-start" trapFocus>
          <Popover.Target>
            <button type="button" className="chip" onClick={() => setOpen(!open)}>
              <IconPlus size={14} aria-hidden />
              {t("filter.saveView")}
            </button>
          </Popover.Target>
          <Popover.Dropdown>
            <form onSubmit={save} style={{ display: "flex", gap: 8, alignItems: "end" }}>
              <TextInput
                label={t("filter.viewName")}
                value={name}
                maxLength={40}
                data-autofocus
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <Button type="submit">{t("common:save")}</Button>
            </form>
          </Popover.Dropdown>
        </Popover>
      )}
    </>
  );
}

function load(): View[] {
  try {
    return Views.parse(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
  } catch {
    return [];
  }
}

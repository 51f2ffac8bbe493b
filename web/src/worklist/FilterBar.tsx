import { Checkbox, Menu, Popover } from "@mantine/core";
import { IconChevronDown, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { DATES, type Filters, isFiltered, isNewestFirst, MODALITIES, OWNERS, WORKS } from "./filters.ts";
import { SavedViews } from "./SavedViews.tsx";

/** Whose studies, which modality, which days; one row of chips. */
export function FilterBar({
  filters,
  count,
  onChange,
  onClear,
}: {
  filters: Filters;
  /** How many there are, in words that do not claim more than is known. */
  count: string;
  onChange: (filters: Filters) => void;
  onClear: () => void;
}) {
  const { t } = useTranslation("worklist");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a row of chips, not a form's fieldset
    <div className="chips" role="group" aria-label={t("filter.label")}>
      {OWNERS.map((owner) => (
        <button
          key={owner}
          type="button"
          className="chip"
          aria-pressed={filters.owner === owner}
          onClick={() => onChange({ ...filters, owner })}
        >
          {t(`filter.${owner}`)}
          {filters.owner === owner && count !== "" && <b>{count}</b>}
        </button>
      ))}
      <span className="chips-gap" />
      <WorkChip filters={filters} onChange={onChange} />
      <ModalityChip filters={filters} onChange={onChange} />
      <DateChip filters={filters} onChange={onChange} />
      {isFiltered(filters) && (
        <button type="button" className="chip" onClick={onClear}>
          <IconX size={14} aria-hidden />
          {t("filter.clear")}
        </button>
      )}
      {isNewestFirst(filters) && <span className="faint">{t("filter.order")}</span>}
      <span className="chips-gap" />
      <SavedViews filters={filters} onChoose={onChange} />
    </div>
  );
}

function WorkChip({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  const { t } = useTranslation("worklist");
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button type="button" className="chip" data-on={filters.work !== "any" || undefined}>
          {t(`filter.work.${filters.work}`)}
          <IconChevronDown size={14} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {WORKS.map((work) => (
          <Menu.Item key={work} onClick={() => onChange({ ...filters, work })}>
            {t(`filter.work.${work}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function ModalityChip({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  const { t } = useTranslation("worklist");
  const toggle = (code: string) =>
    onChange({
      ...filters,
      modality: filters.modality.includes(code)
        ? filters.modality.filter((other) => other !== code)
        : [...filters.modality, code],
    });
  return (
    <Popover position="bottom-start" trapFocus>
      <Popover.Target>
        <button type="button" className="chip" data-on={filters.modality.length > 0 || undefined}>
          {filters.modality.length > 0 ? filters.modality.join(", ") : t("filter.modalityAny")}
          <IconChevronDown size={14} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className="chips-modalities">
          {MODALITIES.map((code) => (
            <Checkbox
              key={code}
              size="sm"
              label={code}
              checked={filters.modality.includes(code)}
              onChange={() => toggle(code)}
            />
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function DateChip({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  const { t } = useTranslation("worklist");
  return (
    <>
      <Menu position="bottom-start">
        <Menu.Target>
          <button type="button" className="chip" data-on={filters.date !== "any" || undefined}>
            {t(`filter.${filters.date}`)}
            <IconChevronDown size={14} aria-hidden />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {DATES.map((date) => (
            <Menu.Item key={date} onClick={() => onChange({ ...filters, date })}>
              {t(`filter.${date}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {filters.date === "range" && (
        <>
          <input
            className="chip chip-date"
            type="date"
            aria-label={t("filter.from")}
            value={filters.from}
            onChange={(event) => onChange({ ...filters, from: event.currentTarget.value })}
          />
          <input
            className="chip chip-date"
            type="date"
            aria-label={t("filter.to")}
            value={filters.to}
            onChange={(event) => onChange({ ...filters, to: event.currentTarget.value })}
          />
        </>
      )}
    </>
  );
}

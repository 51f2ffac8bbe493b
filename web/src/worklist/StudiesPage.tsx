import { Button, Drawer, Loader } from "@mantine/core";
import { useDebouncedValue, useHotkeys, useMediaQuery } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { StudyRow } from "#contract/studies.ts";
import { useSession } from "../session.ts";
import { ShareDialog } from "../sharing/ShareDialog.tsx";
import { UploadArea, type UploadDoor } from "../upload/UploadArea.tsx";
import { UploadButton } from "../upload/UploadButton.tsx";
import { sayRefusal } from "../words/say.ts";
import { EmptyList } from "./EmptyList.tsx";
import { FilterBar } from "./FilterBar.tsx";
import {
  countOf,
  DEFAULT_FILTERS,
  type FilterSearch,
  type Filters,
  filtersFromUrl,
  filtersToUrl,
  isFiltered,
} from "./filters.ts";
import { useLive } from "./live.ts";
import { Preview } from "./Preview.tsx";
import { studiesQuery } from "./queries.ts";
import { StudyTable } from "./StudyTable.tsx";
import { Updated } from "./Updated.tsx";
import "./worklist.css";

/** The study list: everything one may see, newest first, the chosen study beside it. */
export function StudiesPage() {
  const { t } = useTranslation(["worklist", "common"]);
  const session = useSession();
  const phone = useMediaQuery("(max-width: 720px)");
  const connected = useLive();
  const [filters, setFilters] = useFilters();
  const [search, setSearch] = useState("");
  const [sought] = useDebouncedValue(search, 180);
  const list = useInfiniteQuery(studiesQuery(filters, sought));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  useWarmViewer(list.isSuccess && rows.length > 0 && !phone);
  const [chosen, setChosen] = useState(lastOpened);
  const [sharing, setSharing] = useState<StudyRow>();
  const selected = rows.find((row) => row.id === chosen) ?? (phone ? undefined : rows[0]);
  const open = useOpenStudy();
  const box = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  useFocusOnArrival(grid, rows.length > 0);
  const upload = useRef<UploadDoor>(null);
  useHotkeys([
    ["/", () => box.current?.focus()],
    ["u", () => upload.current?.choose()],
  ]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const startOver = () => {
    setSearch("");
    setFilters(DEFAULT_FILTERS);
  };
  const empty = list.isSuccess && rows.length === 0;

  return (
    <UploadArea door={upload} enabled={session.can.upload}>
      <div className="worklist" data-phone={phone || undefined}>
        <main className="worklist-main">
          <header className="worklist-head">
            <h1>{t("title")}</h1>
            <label className="search">
              <IconSearch size={16} aria-hidden />
              <span className="sr-only">{t("search")}</span>
              <input
                ref={box}
                type="search"
                placeholder={t("search")}
                value={search}
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => setSearch(event.currentTarget.value)}
                onKeyDown={(event) => {
                  if (event.key === "ArrowDown") grid.current?.focus();
                  else if (event.key === "Enter" && selected && !list.isFetching) open(selected);
                  else return;
                  event.preventDefault();
                }}
              />
              <kbd className="kbd">/</kbd>
            </label>
            <Updated at={list.dataUpdatedAt} busy={list.isFetching} connected={connected} />
            {session.can.upload && <UploadButton onChoose={(what) => upload.current?.choose(what)} />}
          </header>
          <FilterBar
            filters={filters}
            count={list.isSuccess ? countOf(rows.length, list.hasNextPage) : ""}
            onChange={setFilters}
            onClear={() => setFilters({ ...DEFAULT_FILTERS, sort: filters.sort })}
          />
          {list.isPending && <Loader className="worklist-wait" size="sm" />}
          {list.isError && (
            <div className="empty" role="alert">
              <h2>{t("error")}</h2>
              <p className="muted">{sayRefusal(list.error)}</p>
              <Button variant="default" onClick={() => void list.refetch()}>
                {t("common:retry")}
              </Button>
            </div>
          )}
          {empty && !isFiltered(filters) && sought === "" && (
            <EmptyList onChooseFiles={() => upload.current?.choose()} />
          )}
          {empty && (isFiltered(filters) || sought !== "") && (
            <div className="empty">
              <h2>{t("nothing.title")}</h2>
              <p className="muted">{t("nothing.lead")}</p>
              <Button variant="default" onClick={startOver}>
                {t("filter.clear")}
              </Button>
            </div>
          )}
          {rows.length > 0 && (
            <StudyTable
              grid={grid}
              rows={rows}
              total={list.hasNextPage ? undefined : rows.length}
              selected={selected?.id}
              sort={filters.sort}
              phone={phone}
              onSelect={(row) => setChosen(row.id)}
              onOpen={open}
              onShare={setSharing}
              onSort={(sort) => setFilters({ ...filters, sort })}
              onNearEnd={more}
            />
          )}
        </main>
        {phone ? (
          <Drawer
            opened={selected !== undefined}
            onClose={() => setChosen(undefined)}
            position="bottom"
            size="82%"
            withCloseButton
          >
            <Preview row={selected} onOpen={open} onShare={setSharing} />
          </Drawer>
        ) : (
          rows.length > 0 && <Preview row={selected} onOpen={open} onShare={setSharing} />
        )}
      </div>
      {sharing && <ShareDialog owner={sharing.owner} id={sharing.id} onClose={() => setSharing(undefined)} />}
    </UploadArea>
  );
}

/** Once the list stands, the reading room is fetched behind it, so that the first study opens without waiting for the programme. */
function useWarmViewer(ready: boolean): void {
  useEffect(() => {
    if (!ready) return;
    const timer = setTimeout(() => void import("../study/StudyPage.tsx").catch(() => {}), 1500);
    return () => clearTimeout(timer);
  }, [ready]);
}

function useFilters(): [Filters, (filters: Filters) => void] {
  const search = useSearch({ strict: false }) as FilterSearch;
  const navigate = useNavigate();
  const filters = useMemo(() => filtersFromUrl(search), [search]);
  const set = useCallback(
    (next: Filters) => void navigate({ to: "/studies", search: filtersToUrl(next), replace: true }),
    [navigate],
  );
  return [filters, set];
}

const OPENED = "safelight.opened";
/** Whoever comes back from a study stands where they left. */
const lastOpened = (): string | undefined => sessionStorage.getItem(OPENED) ?? undefined;

function useOpenStudy(): (row: StudyRow) => void {
  const navigate = useNavigate();
  return useCallback(
    (row) => {
      sessionStorage.setItem(OPENED, row.id);
      void navigate({ to: "/studies/$owner/$id", params: { owner: row.owner, id: row.id } });
    },
    [navigate],
  );
}

/** The list takes the keys as soon as it stands, unless somebody is typing or has gone elsewhere already. */
function useFocusOnArrival(grid: RefObject<HTMLDivElement | null>, stands: boolean): void {
  useEffect(() => {
    if (stands && document.activeElement === document.body) grid.current?.focus({ preventScroll: true });
  }, [grid, stands]);
}

/** What the list shows and in which order; everything but the search text lives in the URL (a name does not belong there). */

export const DATES = ["any", "today", "yesterday", "week", "month", "year", "range"] as const;
export type DateChoice = (typeof DATES)[number];
export const OWNERS = ["all", "mine", "granted"] as const;
export type OwnerChoice = (typeof OWNERS)[number];
export const SORTS = [
  "arrived",
  "date",
  "status",
  "patient",
  "description",
  "id",
  "birth",
  "accession",
  "images",
] as const;
/** What is left to do with a study, as a reader asks for it; each is some states of the report. */
export const WORK = {
  any: [],
  open: ["none", "draft"],
  preliminary: ["preliminary"],
  signed: ["final", "addendum"],
} as const;
export const WORKS = ["any", "open", "preliminary", "signed"] as const;
export type Work = keyof typeof WORK;
export type SortKey = (typeof SORTS)[number];
export type SortBy = { key: SortKey; descending: boolean };

export type Filters = {
  owner: OwnerChoice;
  modality: readonly string[];
  work: Work;
  date: DateChoice;
  from: string;
  to: string;
  sort: readonly SortBy[];
};

/** The codes of PS3.3 §C.7.3.1.1.1 that a clinic meets daily. */
export const MODALITIES = ["CT", "MR", "DX", "CR", "MG", "US", "XA", "RF", "NM", "PT", "OT", "SR", "DOC"] as const;

export const DEFAULT_FILTERS: Filters = {
  owner: "all",
  modality: [],
  work: "any",
  date: "any",
  from: "",
  to: "",
  sort: [{ key: "arrived", descending: true }],
};

/** Click sorts by one column; shift and click adds it, turns it, takes it away. */
export function nextSort(sort: readonly SortBy[], key: SortKey, add: boolean): SortBy[] {
  const present = sort.find((by) => by.key === key);
  const firstDescending = key === "arrived" || key === "date" || key === "images";
  if (!add) return [{ key, descending: present && sort.length === 1 ? !present.descending : firstDescending }];
  if (!present) return [...sort, { key, descending: firstDescending }];
  if (present.descending === firstDescending)
    return sort.map((by) => (by.key === key ? { key, descending: !firstDescending } : by));
  return sort.length > 1 ? sort.filter((by) => by.key !== key) : [{ key, descending: firstDescending }];
}

/** The first and last day a relative choice means today, as DICOM dates. */
export function daysOf(
  { date, from, to }: Pick<Filters, "date" | "from" | "to">,
  today: Date,
): { from?: string; to?: string } {
  const back = (days: number) => dicomDay(new Date(today.getFullYear(), today.getMonth(), today.getDate() - days));
  switch (date) {
    case "any":
      return {};
    case "today":
      return { from: back(0) };
    case "yesterday":
      return { from: back(1), to: back(1) };
    case "week":
      return { from: back(6) };
    case "month":
      return { from: back(29) };
    case "year":
      return { from: back(364) };
    case "range":
      return { ...(from ? { from: from.replaceAll("-", "") } : {}), ...(to ? { to: to.replaceAll("-", "") } : {}) };
  }
}

const two = (value: number) => value.toString().padStart(2, "0");
const dicomDay = (date: Date) => `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;

/** The API's query string for one page of the list. */
export function listQuery(filters: Filters, search: string, after: string | undefined, today: Date): string {
  const days = daysOf(filters, today);
  const query = new URLSearchParams();
  if (search.trim()) query.set("q", search.trim());
  if (filters.modality.length > 0) query.set("modality", filters.modality.join(","));
  if (filters.work !== "any") query.set("report", WORK[filters.work].join(","));
  if (days.from) query.set("from", days.from);
  if (days.to) query.set("to", days.to);
  query.set("sort", filters.sort.map((by) => (by.descending ? `-${by.key}` : by.key)).join(","));
  query.set("owner", filters.owner);
  if (after) query.set("after", after);
  query.set("limit", "60");
  return query.toString();
}

export type FilterSearch = {
  owner?: string | undefined;
  modality?: string | undefined;
  work?: string | undefined;
  date?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  sort?: string | undefined;
};

export function filtersFromUrl(search: FilterSearch): Filters {
  const sort = (search.sort ?? "").split(",").flatMap((part) => {
    const key = SORTS.find((known) => known === part.replace(/^-/, ""));
    return key ? [{ key, descending: part.startsWith("-") }] : [];
  });
  return {
    owner: OWNERS.find((known) => known === search.owner) ?? "all",
    modality: (search.modality ?? "").split(",").filter((code) => /^[A-Z]{2,16}$/.test(code)),
    work: WORKS.find((known) => known === search.work) ?? "any",
    date: DATES.find((known) => known === search.date) ?? "any",
    from: search.from ?? "",
    to: search.to ?? "",
    sort: sort.length > 0 ? sort : DEFAULT_FILTERS.sort,
  };
}

export function filtersToUrl(filters: Filters): FilterSearch {
  const sort = filters.sort.map((by) => (by.descending ? `-${by.key}` : by.key)).join(",");
  return {
    owner: filters.owner === "all" ? undefined : filters.owner,
    modality: filters.modality.join(",") || undefined,
    work: filters.work === "any" ? undefined : filters.work,
    date: filters.date === "any" ? undefined : filters.date,
    from: filters.date === "range" ? filters.from || undefined : undefined,
    to: filters.date === "range" ? filters.to || undefined : undefined,
    sort: sort === "-arrived" ? undefined : sort,
  };
}

export function isFiltered(filters: Filters): boolean {
  return filters.owner !== "all" || filters.modality.length > 0 || filters.work !== "any" || filters.date !== "any";
}

/** How many studies the list has: what has come so far, with a plus while there are more. */
export const countOf = (loaded: number, more: boolean): string => `${loaded}${more ? "+" : ""}`;

/** The order nobody chose, which no column's arrow may show: the column of arrivals is the first to go. */
export const isNewestFirst = ({ sort }: Filters): boolean =>
  sort.length === 1 && sort[0]?.key === "arrived" && sort[0].descending;

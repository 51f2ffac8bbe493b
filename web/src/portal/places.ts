import { useEffect, useState } from "react";
import { z } from "zod";

/** Where somebody is inside the page: at the link's study or the earlier one that is named, and there at its report or its images. */
const Place = z.object({
  prior: z.string().optional(),
  view: z.union([z.literal("report"), z.object({ series: z.number().int(), at: z.number().int() })]).optional(),
});
export type Place = z.infer<typeof Place>;

/** The place that an entry of the browser's history stands for; what we did not write there is the study itself. */
export function placeOf(state: unknown): Place {
  const parsed = z.object({ portal: Place }).safeParse(state);
  return parsed.success ? parsed.data.portal : {};
}

/** Each step inside is an entry of the history: Back, the phone's gesture and our own buttons go the same way, and a reload stays where it was. */
export function usePlaces() {
  const [place, setPlace] = useState(() => placeOf(window.history.state));
  useEffect(() => {
    const onPop = (event: PopStateEvent) => setPlace(placeOf(event.state));
    window.addEventListener("popstate", onPop);
    return () => window.removeEventListener("popstate", onPop);
  }, []);
  const go = (next: Place) => {
    window.history.pushState({ portal: next }, "");
    setPlace(next);
    if (typeof next.view !== "object") window.scrollTo(0, 0); // images lie over the page; another page begins at its top
  };
  return { place, go, back: () => window.history.back() };
}

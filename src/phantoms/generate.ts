import { never } from "#kit/fault.ts";
import { mammographySeries } from "#phantoms/breast/series.ts";
import { chestSeries } from "#phantoms/chest/series.ts";
import { ctHeadSeries } from "#phantoms/ct/series.ts";
import { pdfSeries } from "#phantoms/documents/encapsulated.ts";
import { measurementSeries, reportSeries } from "#phantoms/documents/report.ts";
import { mrHeadSeries } from "#phantoms/mr/series.ts";
import type { Instance } from "#phantoms/record/modules.ts";
import type { ContentRecipe, StudyRecipe } from "#phantoms/record/recipe.ts";
import { type Moment, type Setting, settingOf } from "#phantoms/record/setting.ts";
import { ultrasoundSeries } from "#phantoms/ultrasound/series.ts";

function contentOf(setting: Setting, content: ContentRecipe): Iterable<Instance> {
  switch (content.is) {
    case "ct-head":
      return ctHeadSeries(setting, content);
    case "chest":
      return chestSeries(setting, content.chest);
    case "mammography":
      return mammographySeries(setting, content);
    case "ultrasound":
      return ultrasoundSeries(setting, content.frames);
    case "mr-head":
      return mrHeadSeries(setting, content);
    case "report":
      return reportSeries(setting, content);
    case "measurement":
      return measurementSeries(setting, content);
    case "pdf":
      return pdfSeries(setting, content);
    default:
      return never(content);
  }
}

/**
 * The instances of one study (not of its priors) as Part 10 files, one by one as they are made: at most one picture is in
 * memory. The same recipe, seed and day give the same bytes. Dates count back from `now`, in its local time.
 */
export function* generateStudy(recipe: StudyRecipe, moment: Moment): Generator<Instance> {
  const setting = settingOf(recipe, moment);
  for (const content of recipe.contents) yield* contentOf(setting, content);
}

/** The Study Instance UID that `generateStudy` gives. */
export const studyUidOf = (recipe: StudyRecipe, moment: Moment): string => settingOf(recipe, moment).studyUid;

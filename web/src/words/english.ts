import { adminWords } from "../admin/words.en.ts";
import { auditWords } from "../audit/words.en.ts";
import { demoWords } from "../demo/words.en.ts";
import { reportsWords } from "../reports/words.en.ts";
import { sharingWords } from "../sharing/words.en.ts";
import { signinWords } from "../signin/words.en.ts";
import { uploadWords } from "../upload/words.en.ts";
import { viewerWords } from "../viewer/words.en.ts";
import { worklistWords } from "../worklist/words.en.ts";
import { commonWords } from "./common.en.ts";

/** Every namespace of the staff's pages. */
export const english = {
  common: commonWords,
  admin: adminWords,
  audit: auditWords,
  demo: demoWords,
  reports: reportsWords,
  sharing: sharingWords,
  signin: signinWords,
  upload: uploadWords,
  viewer: viewerWords,
  worklist: worklistWords,
};

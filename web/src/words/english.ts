import { demoWords } from "../demo/words.en.ts";
import { signinWords } from "../signin/words.en.ts";
import { commonWords } from "./common.en.ts";

/** Every namespace of the staff's pages. */
export const english = { common: commonWords, demo: demoWords, signin: signinWords };

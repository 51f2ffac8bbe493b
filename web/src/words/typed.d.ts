import type { portalWords } from "../portal/words/en.ts";
import type { english } from "./english.ts";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof english & { portal: typeof portalWords };
    returnNull: false;
  }
}

import {
  convertCssVariables,
  DEFAULT_THEME,
  deepMerge,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from "@mantine/core";
import { theme, tokensForMantine } from "./theme.ts";

/**
 * Mantine's variables as a style sheet of the document itself. Mantine would write a <style> element; the server's
 * content policy allows none, and this needs no exception from it.
 */
export function adoptMantineVariables(): void {
  const whole = mergeMantineTheme(DEFAULT_THEME, theme);
  const variables = deepMerge(defaultCssVariablesResolver(whole), tokensForMantine(whole));
  const scheme = {
    variables: {},
    dark: { "--mantine-color-scheme": "dark" },
    light: { "--mantine-color-scheme": "light" },
  };
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(convertCssVariables(deepMerge(variables, scheme)));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";
import i18next from "i18next";

/** The safelight's amber-red, from the paper's blush to the lamp's edge. */
const lamp: MantineColorsTuple = [
  "#fcece6",
  "#f9d3c6",
  "#ffb49a",
  "#ff9a78",
  "#ff8158",
  "#ff6a3d",
  "#e2532a",
  "#c8401a",
  "#a83413",
  "#40200f",
];
const dark: MantineColorsTuple = [
  "#cfd3d7",
  "#b4bac0",
  "#8b9299",
  "#7e868e",
  "#353a40",
  "#25282c",
  "#191b1e",
  "#121315",
  "#0b0c0d",
  "#000000",
];
const gray: MantineColorsTuple = [
  "#f5f2ee",
  "#f0ece8",
  "#e8e3de",
  "#d2cbc4",
  "#b9b1a9",
  "#8a8178",
  "#6b7278",
  "#5c6369",
  "#3b4146",
  "#1f2326",
];

const red: MantineColorsTuple = [
  "#fdeeee",
  "#f9d5d6",
  "#f5b0b2",
  "#ff8a8d",
  "#ff6e72",
  "#ff5257",
  "#e23f45",
  "#c62f35",
  "#a3262b",
  "#5a2124",
];

export const theme = createTheme({
  primaryColor: "lamp",
  primaryShade: { light: 7, dark: 5 },
  colors: { lamp, dark, gray, red },
  white: "#ffffff",
  black: "#1f2326",
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--mono)",
  headings: { fontFamily: "var(--font)", fontWeight: "600" },
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "4px", sm: "5px", md: "8px", lg: "14px", xl: "16px" },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  shadows: { xs: "none", sm: "none", md: "none", lg: "none", xl: "0 24px 64px rgb(0 0 0 / 0.35)" },
  components: {
    Button: { defaultProps: { size: "sm", fw: 500 } },
    SegmentedControl: { defaultProps: { withItemsBorders: false } },
    TextInput: { defaultProps: { size: "sm" } },
    // Read when a button is drawn: the words come after the theme. Dialogs and notices bring such a button without a name.
    CloseButton: { defaultProps: () => ({ "aria-label": i18next.t("close") }) },
    PasswordInput: {
      defaultProps: () => ({
        visibilityToggleButtonProps: { "aria-label": i18next.t("showPassword"), tabIndex: 0 },
      }),
    },
    // By its start: a list that is centred before it has its width hangs out of a phone's screen, which then zooms for ever.
    Combobox: { defaultProps: { position: "bottom-start" } },
    // No scroll lock: it would write a <style> element, and our pages scroll inside themselves.
    Drawer: { defaultProps: { lockScroll: false, overlayProps: { backgroundOpacity: 1, color: "var(--scrim)" } } },
    ModalRoot: { defaultProps: { lockScroll: false } },
    Modal: {
      defaultProps: {
        centered: true,
        lockScroll: false,
        overlayProps: { backgroundOpacity: 1, color: "var(--scrim)" },
      },
    },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: false } },
    Menu: { defaultProps: { shadow: "xl" } },
  },
});

/** Mantine takes its colours from the tokens, so that both rooms have one source. */
export const tokensForMantine: CSSVariablesResolver = () => {
  const room = {
    "--mantine-color-body": "var(--bg)",
    "--mantine-color-text": "var(--text)",
    "--mantine-color-bright": "var(--text-strong)",
    "--mantine-color-dimmed": "var(--text-2)",
    "--mantine-color-placeholder": "var(--text-3)",
    "--mantine-color-error": "var(--stat)",
    "--mantine-color-success": "var(--ok)",
    "--mantine-color-anchor": "var(--accent-text)",
    "--mantine-color-default": "var(--raised)",
    "--mantine-color-default-hover": "var(--hover)",
    "--mantine-color-default-color": "var(--text)",
    "--mantine-color-default-border": "var(--line-strong)",
    "--mantine-color-disabled": "var(--raised)",
    "--mantine-color-disabled-color": "var(--text-3)",
    "--mantine-color-disabled-border": "var(--line)",
    "--mantine-primary-color-contrast": "var(--on-accent)",
    "--mantine-primary-color-filled": "var(--accent)",
    "--mantine-primary-color-filled-hover": "var(--accent-hover)",
    "--mantine-primary-color-light": "var(--accent-dim)",
    "--mantine-primary-color-light-color": "var(--accent-text)",
    "--mantine-color-lamp-filled": "var(--accent)",
    "--mantine-color-lamp-filled-hover": "var(--accent-hover)",
    "--mantine-color-lamp-light": "var(--accent-dim)",
    "--mantine-color-lamp-light-color": "var(--accent-text)",
    "--mantine-color-lamp-contrast": "var(--on-accent)",
  };
  return { variables: {}, dark: room, light: room };
};

import { explainConfig, readConfig } from "#platform/config.ts";
import type { Command } from "./command.ts";

/** `safelight config --explain`: what the program would run by, secrets hidden; without --explain it only checks. */
export const configCommand: Command = {
  usage: "[--explain]",
  options: { explain: { says: "every setting with its value, its origin and what it is for" } },
  async run(call) {
    const config = readConfig();
    if (call.flag("explain")) call.answer({ ...config }, explainConfig());
    else call.answer({ valid: true }, "The configuration is valid; --explain shows it.\n");
    await Promise.resolve();
  },
};

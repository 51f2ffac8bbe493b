import { type ParseArgsOptionDescriptor, parseArgs } from "node:util";
import { type Config, readConfig } from "#platform/config.ts";

/** Where a command's words go; tests give their own. */
export type Io = { out: (text: string) => void; err: (text: string) => void };

export type Option = {
  /** "FILE", "ORG", …: the option takes a value; without it, it is a switch. */
  value?: string;
  says: string;
  required?: boolean;
  multiple?: boolean;
};

export type Command = {
  /** What follows the command's words, as `--help` shows it: "PATH --org ORG". */
  usage: string;
  options?: Readonly<Record<string, Option>>;
  /** How many arguments it takes, at least and at most. */
  positionals?: readonly [number, number];
  /** "negative": it was done and the finding is no. Throws a Fault when it could not be done. */
  run: ((call: Call) => Promise<void>) | ((call: Call) => Promise<"negative" | undefined>);
};

/** One call, parsed. */
export type Call = {
  positionals: readonly string[];
  /** The option's value; undefined when it was not given. */
  value(name: string): string | undefined;
  /** A required option's value. */
  need(name: string): string;
  values(name: string): readonly string[];
  flag(name: string): boolean;
  /** The answer: with --json one JSON object on standard output, otherwise the lines for people. */
  answer(object: Record<string, unknown>, lines: string): void;
  /** Progress and remarks: standard error, silent with --json. */
  say(line: string): void;
  readonly json: boolean;
  config(): Config;
};

export const Usage = "Usage: safelight COMMAND [OPTIONS]";

/** The command line itself is wrong: exit code 2. */
export class WrongUse extends Error {
  override readonly name = "WrongUse";
}

export function helpFor(words: string, summary: string, command: Command): string {
  const rows = Object.entries({ ...command.options, ...COMMON }).map(
    ([name, option]) => [`--${name}${option.value === undefined ? "" : ` ${option.value}`}`, option] as const,
  );
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(
    ([left, { says, required }]) => `  ${left.padEnd(width)}  ${says}${required ? " (required)" : ""}\n`,
  );
  return `${`safelight ${words}: ${summary}\n\nUsage: safelight ${words} ${command.usage}`.trimEnd()}\n\n${lines.join("")}`;
}

const COMMON: Readonly<Record<string, Option>> = {
  json: { says: "one JSON object on standard output" },
  help: { says: "this text" },
};

/** @throws WrongUse naming the option or argument */
export function parseCall(words: string, command: Command, args: readonly string[], io: Io): Call {
  const options = { ...command.options, ...COMMON };
  const { values, positionals } = parsed(words, options, args);
  const [least, most] = command.positionals ?? [0, 0];
  if (positionals.length < least || positionals.length > most)
    throw new WrongUse(`\`${words}\` is used as: safelight ${words} ${command.usage}`);
  const given = (name: string): string[] => [values[name] ?? []].flat().filter((value) => typeof value === "string");
  for (const [name, { required }] of Object.entries(options)) {
    if (required && given(name).length === 0)
      throw new WrongUse(`--${name} is missing; safelight ${words} ${command.usage}`);
  }
  const json = values["json"] === true;
  return {
    positionals,
    value: (name) => given(name)[0],
    need: (name) => given(name)[0] ?? "",
    values: given,
    flag: (name) => values[name] === true,
    answer: (object, lines) => io.out(json ? `${JSON.stringify(object)}\n` : lines),
    say: (line) => (json ? undefined : io.err(`${line}\n`)),
    json,
    config: () => readConfig(),
  };
}

type Values = { values: Record<string, string | boolean | (string | boolean)[] | undefined>; positionals: string[] };

function parsed(words: string, options: Readonly<Record<string, Option>>, args: readonly string[]): Values {
  const shapes = Object.entries(options).map(([name, { value, multiple }]): [string, ParseArgsOptionDescriptor] => [
    name,
    { type: value === undefined ? "boolean" : "string", multiple: multiple ?? false },
  ]);
  try {
    return parseArgs({ args: [...args], options: Object.fromEntries(shapes), allowPositionals: true, strict: true });
  } catch (error) {
    throw new WrongUse(`${(error as Error).message.split(". ")[0] ?? ""}; \`safelight ${words} --help\` shows how`);
  }
}

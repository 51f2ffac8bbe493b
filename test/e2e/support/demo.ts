/** The demonstration that all stories share: started once before them (start.ts), told to each story's process by its environment. */
export type Login = { email: string; password: string; totpSecret: string };
export type SharedDemo = {
  url: string;
  dicomTls: number;
  dataDir: string;
  logins: Record<"clinic" | "radiologist" | "referrer", Login>;
};

const NAME = "STORIES_DEMO"; // read by tests only; the server under test does not inherit it

export const tellStories = (demo: SharedDemo): void => {
  process.env[NAME] = JSON.stringify(demo);
};

/** @throws when the stories were not started by `npm run test:e2e` */
export function sharedDemo(): SharedDemo {
  const told = process.env[NAME];
  if (told === undefined)
    throw new Error("There is no demonstration to walk through; start the stories by npm run test:e2e.");
  return JSON.parse(told) as SharedDemo;
}

/** What the demonstration prints at its start, as a person reads it. @throws when a login is missing */
export function readWelcome(said: string): Pick<SharedDemo, "url" | "logins"> {
  const found = (pattern: RegExp): string => {
    const [, value] = pattern.exec(said) ?? [];
    if (value === undefined) throw new Error(`The demonstration did not print ${pattern.source}: ${said}`);
    return value;
  };
  const password = found(/with the password "([^"]+)"/);
  const login = (email: string): Login => ({
    email,
    password,
    totpSecret: found(new RegExp(`${email.replaceAll(".", "\\.")} .*TOTP secret\\): ([A-Z2-7]+)`)),
  });
  return {
    url: found(/Open (http:\S+) and choose a door/),
    logins: {
      clinic: login("desk@umzimvubu.example"),
      radiologist: login("reyes@reading-group.example"),
      referrer: login("mokoena@umzimvubu.example"),
    },
  };
}

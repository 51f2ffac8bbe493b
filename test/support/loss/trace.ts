/** What `strace -f -ttt -T -yy` writes: `pid time call(arguments) = result <seconds>`, long calls in two pieces. */
export type Call = {
  name: string;
  args: string;
  /** Seconds: when it began and when it returned. */
  start: number;
  end: number;
  result: number;
};

const TRACED =
  "openat,open,creat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fsync,fdatasync,rename,renameat,renameat2,link,linkat";

/** What writes such a trace; `-o FILE` and the command follow. */
export const STRACE = ["strace", "-f", "--seccomp-bpf", "-ttt", "-T", "-yy", "-s", "0", "-e", `trace=${TRACED}`];

/** Every call that returned, in the order of its return. */
export function callsOf(trace: string): Call[] {
  const begun = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of trace.split("\n")) {
    const [, pid = "", time = "", rest = ""] = /^(\d+) +(\d+\.\d+) (.*)$/.exec(line) ?? [];
    const unfinished = /^(.*?) ?<unfinished \.\.\.>$/.exec(rest);
    if (unfinished) {
      begun.set(pid, `${time} ${unfinished[1]}`);
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const whole = resumed ? `${begun.get(pid) ?? ""}${resumed[1]}` : `${time} ${rest}`;
    const found = /^(\d+\.\d+) (\w+)\((.*)\)\s+= (-?\d+).* <(\d+\.\d+)>$/.exec(whole);
    if (found === null) continue;
    const [, start, name = "", args = "", result, seconds] = found;
    calls.push({ name, args, start: Number(start), end: Number(start) + Number(seconds), result: Number(result) });
  }
  return calls.sort((one, other) => one.end - other.end);
}

/** The file or socket behind the call's first descriptor, as `-yy` shows it. */
export function descriptorOf({ args }: Call): string {
  return /^\d+<(.*?)>(?:\(deleted\))?(?:,|$)/.exec(args)?.[1] ?? "";
}

export const isWrite = ({ name }: Call): boolean => /^(p?write(64|v|v2)?|send(to|msg))$/.test(name);
export const isSync = ({ name, result }: Call): boolean => (name === "fsync" || name === "fdatasync") && result === 0;

/** A name that came into being: by an open that creates, a rename or a link; `from` is what it was called before. */
export type Naming = { path: string; from: string | undefined; end: number };

export function namingOf({ name, args, end, result }: Call): Naming | undefined {
  if (result < 0) return undefined;
  const paths = [...args.matchAll(/"([^"]*)"/g)].map(([, path = ""]) => path);
  if (/^(rename|link)/.test(name)) return { path: paths[1] ?? "", from: paths[0], end };
  const creates = name === "creat" || (name.startsWith("open") && args.includes("O_CREAT"));
  return creates ? { path: paths[0] ?? "", from: undefined, end } : undefined;
}

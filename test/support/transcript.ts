import assert from "node:assert/strict";

/**
 * A conversation over HTTP as a reviewer writes it. Lines of `#` are remarks, the first one the title. `>` is what the client
 * sends: method and path, headers, an empty line, the body. `<` is what must come: status, the headers that matter (`!Name` for one
 * that must not come), an empty line, the body. `{name}` stands for a value, `{name:=}` keeps what stands there, `…` is anything.
 * A body line `@name` is a file; `hex ffd8ff…` are bytes. JSON is compared as JSON: `"…"` is any value, as a key any others.
 */
export type Exchange = { line: number; sent: Message; expected: Message };
type Message = { first: string; headers: [string, string][]; body: string[] | undefined };
export type Transcript = { title: string; exchanges: Exchange[] };

/** What a transcript may name: texts, files, and texts made when they are needed. */
export type Props = { values: Map<string, string | (() => Promise<string>)>; files: ReadonlyMap<string, Uint8Array> };

export function readTranscript(text: string): Transcript {
  const lines = text.split("\n");
  const exchanges: Exchange[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (!lines[at]?.startsWith(">")) continue;
    const begin = at;
    const [sent, expected] = [block(">"), block("<")];
    exchanges.push({ line: begin + 1, sent: message(sent), expected: message(expected) });
    at--;
    function block(mark: string): string[] {
      const taken: string[] = [];
      while (/^(#|$)/.test(lines[at] ?? "stop")) at++;
      for (; lines[at]?.startsWith(mark); at++) taken.push((lines[at] ?? "").slice(2));
      assert.ok(taken.length > 0, `line ${at + 1}: a block of "${mark}" is missing`);
      return taken;
    }
  }
  return { title: (lines[0] ?? "").replace(/^#\s*/, ""), exchanges };
}

function message([first = "", ...rest]: string[]): Message {
  const empty = rest.indexOf("");
  const heads = empty < 0 ? rest : rest.slice(0, empty);
  const headers = heads.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { first, headers, body: empty < 0 ? undefined : rest.slice(empty + 1) };
}

/** Sends what the transcript says and asserts that what comes back is what it says. */
export async function replay(base: string, { sent, expected, line }: Exchange, props: Props): Promise<void> {
  const [method = "GET", path = "/"] = (await filled(sent.first, props)).split(" ");
  const headers = new Headers();
  for (const [name, value] of sent.headers) headers.append(name, await filled(value, props));
  const multipart = headers.get("content-type")?.startsWith("multipart/") ?? false;
  const body = sent.body && (await bytesOf(sent.body, props, multipart ? "\r\n" : "\n"));
  const response = await fetch(base + path, {
    method,
    headers,
    redirect: "manual",
    ...(body ? { body: body as Uint8Array<ArrayBuffer> } : {}),
  });
  const received = Buffer.from(await response.arrayBuffer());
  const place = `line ${line}: ${method} ${path}`;
  const status = expected.first.split(" ")[0];
  assert.equal(String(response.status), status, `${place}: ${received.toString("utf8").slice(0, 400)}`);
  for (const [name, value] of expected.headers) await mustHave(response.headers, name, value, props, place);
  if (expected.body) await mustBe(expected.body, received, response.headers, props, place);
}

async function mustHave(headers: Headers, name: string, value: string, props: Props, place: string): Promise<void> {
  if (name.startsWith("!")) {
    assert.equal(headers.get(name.slice(1)), null, `${place}: ${name.slice(1)} must not be there`);
    return;
  }
  const lines = name.toLowerCase() === "set-cookie" ? headers.getSetCookie() : [headers.get(name) ?? ""];
  const pattern = await patternOf(value, props);
  const found = lines.map((one) => pattern.expression.exec(one)).find((one) => one !== null);
  assert.ok(found, `${place}: ${name} is ${JSON.stringify(lines)}, not ${value}`);
  pattern.keep(found);
}

async function mustBe(lines: string[], received: Buffer, headers: Headers, props: Props, place: string): Promise<void> {
  if (lines[0]?.startsWith("hex ")) {
    const pattern = await patternOf(lines[0].slice(4).replaceAll(" ", ""), props);
    assert.match(received.toString("hex"), pattern.expression, place);
  } else if (/json/.test(headers.get("content-type") ?? "")) {
    const expected: unknown = JSON.parse(await filled(lines.join("\n"), props, "keep"));
    mustAgree(expected, JSON.parse(received.toString("utf8")), props, place);
  } else if (lines.some((line) => line.startsWith("@"))) {
    const expected = await bytesOf(lines, props, "\r\n");
    assert.ok(received.equals(expected), `${place}: ${received.length} bytes came, not the ${expected.length} written`);
  } else {
    const pattern = await patternOf(lines.join("\n"), props);
    assert.match(received.toString("utf8").replaceAll("\r\n", "\n"), pattern.expression, place);
  }
}

/** JSON with blanks: the expected side may leave values, further keys and further items open, and keep values. */
function mustAgree(expected: unknown, actual: unknown, props: Props, place: string): void {
  if (expected === "…") return;
  if (typeof expected === "string") {
    assert.ok(typeof actual === "string" || typeof actual === "number", `${place} is ${JSON.stringify(actual)}`);
    const pattern = patternFilled(expected, props);
    const found = pattern.expression.exec(String(actual));
    assert.ok(found && typeof actual === "string", `${place} is ${JSON.stringify(actual)}, not ${expected}`);
    pattern.keep(found);
  } else if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${place} is no array`);
    const open = expected.at(-1) === "…";
    const items = open ? expected.slice(0, -1) : expected;
    assert.ok(
      open ? actual.length >= items.length : actual.length === items.length,
      `${place} has ${actual.length} items`,
    );
    for (const [at, item] of items.entries()) mustAgree(item, (actual as unknown[])[at], props, `${place}/${at}`);
  } else if (typeof expected === "object" && expected !== null) {
    assert.ok(typeof actual === "object" && actual !== null, `${place} is ${JSON.stringify(actual)}`);
    const wanted = Object.keys(expected).filter((key) => key !== "…");
    if (!("…" in expected)) assert.deepEqual(Object.keys(actual).sort(), wanted.sort(), place);
    for (const key of wanted)
      mustAgree(
        (expected as Record<string, unknown>)[key],
        (actual as Record<string, unknown>)[key],
        props,
        `${place}/${key}`,
      );
  } else assert.deepEqual(actual, expected, place);
}

async function bytesOf(lines: readonly string[], props: Props, end: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (const [at, line] of lines.entries()) {
    if (at > 0) pieces.push(Buffer.from(end));
    const file = line.startsWith("@") ? props.files.get(line.slice(1)) : undefined;
    pieces.push(file ? Buffer.from(file) : Buffer.from(await filled(line, props)));
  }
  return Buffer.concat(pieces);
}

/** Puts values in for `{name}`; `{name:=}` stays when it is to be kept for a comparison. */
async function filled(text: string, { values }: Props, kept: "keep" | "none" = "none"): Promise<string> {
  let result = "";
  let from = 0;
  for (const match of text.matchAll(/\{([a-z][a-z0-9-]*)\}/g)) {
    const value = values.get(match[1] ?? "");
    assert.ok(value !== undefined, `nothing is called {${match[1]}}`);
    result += text.slice(from, match.index) + (typeof value === "string" ? value : await value());
    from = match.index + match[0].length;
  }
  result += text.slice(from);
  assert.ok(kept === "keep" || !/\{[a-z][a-z0-9-]*:=\}/.test(result), `${text}: what is sent keeps nothing`);
  return result;
}

type Pattern = { expression: RegExp; keep: (found: RegExpExecArray) => void };

async function patternOf(text: string, props: Props): Promise<Pattern> {
  return patternFilled(await filled(text, props, "keep"), props);
}

function patternFilled(text: string, { values }: Props): Pattern {
  const names: string[] = [];
  const source = text
    .split(/(…|\{[a-z][a-z0-9-]*:=\})/)
    .map((part) => {
      if (part === "…") return "[^]*?";
      const name = /^\{([a-z][a-z0-9-]*):=\}$/.exec(part)?.[1];
      if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      names.push(name);
      return '([^;,"\\s]+)';
    })
    .join("");
  return {
    expression: new RegExp(`^${source}$`),
    keep: (found) => {
      for (const [at, name] of names.entries()) values.set(name, found[at + 1] ?? "");
    },
  };
}

import assert from "node:assert/strict";
import { Wire } from "./dicom-wire.ts";

/**
 * A conversation over the DICOM upper layer, byte by byte. `>` lines are sent, `<` lines must come; a block of either is one PDU.
 * Bytes are hexadecimal, `00*32` is one repeated, `"text"` is ASCII, `"CT1"~16` filled up with spaces, `u"1.2.3"` a UID made even
 * with a zero. `u16[ … ]` and `u32[ … ]` put the length of what they hold in front, big endian, `le16[` and `le32[` little endian.
 * `@name` is a data set. Where something must come, `..` is any byte and `*` any bytes. After `;` a line says what it means.
 */
export type ByteTurn = { line: number; who: ">" | "<"; text: string };

export function readByteTranscript(text: string): { title: string; turns: ByteTurn[] } {
  const lines = text.split("\n");
  const turns: ByteTurn[] = [];
  let open = false;
  for (const [at, line] of lines.entries()) {
    const who = line[0];
    if (who !== ">" && who !== "<") {
      open = false;
      continue;
    }
    const last = turns.at(-1);
    const content = line.slice(1).replace(/;.*$/, "").trim();
    if (open && last?.who === who) last.text += ` ${content}`;
    else turns.push({ line: at + 1, who, text: content });
    open = true;
  }
  return { title: (lines[0] ?? "").replace(/^#\s*/, ""), turns };
}

const TOKEN =
  /(u?"[^"]*"(?:~\d+)?)|((?:u|le)(?:16|32)\[)|(\])|(@[a-z-]+)|(\*)|(\.\.)|([0-9a-f]{2}\*\d+)|((?:[0-9a-f]{2})+)/gy;
type Node =
  | { is: "bytes"; hex: string }
  | { is: "any"; bytes: 1 | "many" }
  | { is: "length"; kind: string; inner: Node[] };

function parse(text: string, files: ReadonlyMap<string, Uint8Array>): Node[] {
  const root: Node[] = [];
  const stack: Node[][] = [root];
  TOKEN.lastIndex = 0;
  const compact = text.replace(/\s+/g, " ");
  for (let at = 0; at < compact.length; at = TOKEN.lastIndex) {
    if (compact[at] === " ") {
      TOKEN.lastIndex = at + 1;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(compact);
    assert.ok(match, `not understood: ${compact.slice(at, at + 40)}`);
    const into = stack.at(-1) ?? root;
    const [, quoted, opening, end, file, many, any, repeated, hex] = match;
    if (opening !== undefined) {
      const inner: Node[] = [];
      into.push({ is: "length", kind: opening.slice(0, -1), inner });
      stack.push(inner);
    } else if (end !== undefined) stack.pop();
    else if (many !== undefined) into.push({ is: "any", bytes: "many" });
    else if (any !== undefined) into.push({ is: "any", bytes: 1 });
    else into.push({ is: "bytes", hex: hexOf({ quoted, file, repeated, hex }, files) });
  }
  assert.equal(stack.length, 1, `brackets do not match: ${compact.slice(0, 60)}`);
  return root;
}

type Literal = {
  quoted?: string | undefined;
  file?: string | undefined;
  repeated?: string | undefined;
  hex?: string | undefined;
};

function hexOf({ quoted, file, repeated, hex }: Literal, files: ReadonlyMap<string, Uint8Array>): string {
  if (hex !== undefined) return hex;
  if (repeated !== undefined) return repeated.slice(0, 2).repeat(Number(repeated.slice(3)));
  if (file !== undefined) {
    const bytes = files.get(file.slice(1));
    assert.ok(bytes, `there is no data set ${file}`);
    return Buffer.from(bytes).toString("hex");
  }
  const [, uid, text = "", width] = /^(u?)"([^"]*)"(?:~(\d+))?$/.exec(quoted ?? "") ?? [];
  const even = uid === "u" && text.length % 2 === 1 ? `${text}\0` : text;
  return Buffer.from(even.padEnd(Number(width ?? 0), " "), "latin1").toString("hex");
}

function lengthHex(kind: string, bytes: number): string {
  const buffer = Buffer.alloc(kind.endsWith("32") ? 4 : 2);
  buffer.writeUIntBE(bytes, 0, buffer.length);
  return (kind.startsWith("le") ? buffer.reverse() : buffer).toString("hex");
}

/** A regular expression over hexadecimal digits; without blanks it is just the digits. */
function source(nodes: readonly Node[]): string {
  return nodes
    .map((node) => {
      if (node.is === "bytes") return node.hex;
      if (node.is === "any") return node.bytes === 1 ? "(?:..)" : "(?:..)*?";
      const inner = source(node.inner);
      const fixed = /^[0-9a-f]*$/.test(inner);
      const width = node.kind.endsWith("32") ? 4 : 2;
      return (fixed ? lengthHex(node.kind, inner.length / 2) : `(?:..){${width}}`) + inner;
    })
    .join("");
}

/** Replays the turns over one connection, asserting each PDU that must come. */
export async function replayBytes(
  port: number,
  turns: readonly ByteTurn[],
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const peer = new Wire(port);
  try {
    for (const { who, text, line } of turns) {
      if (who === ">") {
        const hex = source(parse(text, files));
        assert.match(hex, /^[0-9a-f]*$/, `line ${line}: what is sent has no blanks`);
        peer.send(Buffer.from(hex, "hex"));
        continue;
      }
      const received = await peer.nextBytes();
      const hex = received === "closed" ? received : received.toString("hex");
      assert.match(hex, new RegExp(`^${source(parse(text, files))}$`), `line ${line}`);
    }
  } finally {
    peer.socket.destroy();
  }
}

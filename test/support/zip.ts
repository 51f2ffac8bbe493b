import { buffer } from "node:stream/consumers";
import { crc32, deflateRawSync } from "node:zlib";
import yazl from "yazl";

/** A well-made ZIP of these files, as any packer would make it. */
export async function zipOf(files: Readonly<Record<string, Uint8Array>>, mode?: number): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [name, bytes] of Object.entries(files))
    zip.addBuffer(Buffer.from(bytes), name, mode === undefined ? {} : { mode });
  zip.end();
  return buffer(zip.outputStream);
}

export type HandMade = {
  name: string;
  content: Uint8Array;
  stored?: boolean;
  /** What the directory claims instead of the truth. */
  claims?: { size?: number; packed?: number; crc?: number; flags?: number; method?: number; attributes?: number };
};

/** A ZIP as its maker likes it, APPNOTE 6.3.10 §4.3.7, §4.3.12 and §4.3.16 byte by byte: names and claims of any kind. */
export function handMadeZip(entries: readonly HandMade[], claimedCount = entries.length): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, content, stored = false, claims = {} } of entries) {
    const nameBytes = Buffer.from(name, "latin1");
    const packed = stored ? Buffer.from(content) : deflateRawSync(content);
    const middle = Buffer.alloc(22);
    middle.writeUInt16LE(claims.flags ?? 0, 0);
    middle.writeUInt16LE(claims.method ?? (stored ? 0 : 8), 2);
    middle.writeUInt32LE(claims.crc ?? crc32(content), 8);
    middle.writeUInt32LE(claims.packed ?? packed.length, 12);
    middle.writeUInt32LE(claims.size ?? content.length, 16);
    middle.writeUInt16LE(nameBytes.length, 20);
    const local = Buffer.concat([
      Buffer.from("PK\x03\x04\x14\x00", "latin1"),
      middle,
      Buffer.alloc(2),
      nameBytes,
      packed,
    ]);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(claims.attributes ?? 0, 8);
    tail.writeUInt32LE(offset, 12);
    const madeBy = claims.attributes === undefined ? "\x14\x00" : "\x14\x03";
    centrals.push(
      Buffer.concat([Buffer.from(`PK\x01\x02${madeBy}\x14\x00`, "latin1"), middle, tail.subarray(0, 16), nameBytes]),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(claimedCount, 8);
  end.writeUInt16LE(claimedCount, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

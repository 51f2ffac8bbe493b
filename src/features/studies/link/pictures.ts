import { closed, type LinkSession } from "#features/sharing/link-actions.ts";
import { type AdmittedInstance, admitInstance, type LinkNeeds, spend } from "#features/studies/link/door.ts";
import { markOf } from "#features/studies/link/mark.ts";
import { wayOf } from "#features/studies/link/windows.ts";
import { attributesOf, frameIndexOf, readableFrame, readableSyntax } from "#features/studies/stored-object.ts";
import type { Rendered } from "#platform/decoders/decoders.ts";
import { frameCount } from "#standards/dicom/frames.ts";
import { pixelAttributesFromJson, pixelsOnly } from "#standards/pixels/json.ts";

/** Pixels of the longer side of a picture, and of a small one. */
const SIDE = 2048;
const SMALL_SIDE = 256;
/** Eight bits and visibly lossy: what is measured in these pixels is not what was stored. */
const QUALITY = 80;

export type PictureWanted = { instance: string; frame: number | "middle"; window: string; small: boolean };

/**
 * A frame as holders of links get it: drawn here, eight bits, JPEG, one of few windows, with the mark burned in. The frame is
 * paid from the budget before it is drawn. @throws Fault link.closed, rate.limited, decoder.*
 */
export async function linkPicture(
  needs: LinkNeeds,
  session: LinkSession,
  wanted: PictureWanted,
  signal: AbortSignal,
): Promise<Rendered> {
  const admitted = await admitInstance(needs, session, wanted.instance);
  const { row, object, count } = admitted;
  const index = frameIndexOf(object, row);
  const frames = frameCount(index);
  const frame = wanted.frame === "middle" ? Math.floor(frames / 2) + 1 : wanted.frame;
  if (!(frame >= 1 && frame <= frames)) throw closed();
  const json = await attributesOf(object, row, pixelsOnly(frame));
  const attributes = pixelAttributesFromJson(json, frame);
  const way = wayOf(wanted.window, row.modalities, isHounsfield(admitted, json, attributes.rescaleSlope));
  if (!way) throw closed();
  await spend(needs, session);
  const pieces = await readableFrame(needs.world, object, index, frame - 1, json);
  if (!pieces) throw closed();
  const side = wanted.small ? SMALL_SIDE : SIDE;
  const marked = { instance: row.id, frame, window: wanted.window };
  const picture = await needs.world.decoders.render({
    ...{ attributes, frame: pieces, transferSyntax: readableSyntax(row), signal },
    ...{ ...way, kind: "jpeg", quality: QUALITY, mark: markOf(needs.world, session, marked, new Date()) },
    viewport: { width: side, height: side, enlarge: false },
  });
  count({ frames: 1, bytes: picture.bytes.length });
  return picture;
}

/** PS3.3 §C.11.1.1.2: CT with a rescale, in Hounsfield units unless it says otherwise. */
function isHounsfield(
  { row }: AdmittedInstance,
  json: Awaited<ReturnType<typeof attributesOf>>,
  slope: number | undefined,
): boolean {
  const given = json["00281054"]?.Value?.[0];
  const type = typeof given === "string" ? given.trim() : "HU";
  return row.modality === "CT" && slope !== undefined && (type === "HU" || type === "");
}

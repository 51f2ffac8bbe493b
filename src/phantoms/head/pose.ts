import { along, type Plane, turned, type Vec } from "#phantoms/image/shape.ts";

/** How a head lies in the machine: rotation in degrees, place in millimetres, and how large it is. Nobody lies straight. */
export type Pose = { readonly turn: Vec; readonly move: Vec; readonly scale: number };

/** A plane of the machine (millimetres, x left, y back, z up) in the coordinates of the head that lies in it. */
export function planeInHead(plane: Plane, pose: Pose): Plane {
  const unmoved: Vec = [plane.origin[0] - pose.move[0], plane.origin[1] - pose.move[1], plane.origin[2] - pose.move[2]];
  return {
    ...plane,
    origin: along([0, 0, 0], turned(unmoved, pose.turn), 1 / pose.scale),
    right: turned(plane.right, pose.turn),
    down: turned(plane.down, pose.turn),
    spacing: plane.spacing / pose.scale,
  };
}

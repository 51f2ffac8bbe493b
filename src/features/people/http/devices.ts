import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import { CreateDevice, type CreatedDevice, type DeviceRow } from "#contract/people.ts";
import { parseInput } from "#features/audit/action.ts";
import { scopeOf } from "#features/audit/actor.ts";
import { appointingRefused } from "#features/people/administration.ts";
import { endDevice, registerDevice } from "#features/people/devices/actions.ts";
import { type DeviceRecord, deviceById, devicesOf } from "#features/people/devices/queries.ts";
import { organisationById } from "#features/people/organisation-queries.ts";
import { Fault } from "#kit/fault.ts";
import { actorOf, askAsAdministrator, idOf, instant, type PeopleHttpNeeds } from "./context.ts";

/** Devices: a new one gets its key in the answer, once. */
export function addDeviceRoutes(app: FastifyInstance, needs: PeopleHttpNeeds): void {
  const { world, authority } = needs;
  app.get("/api/devices", (request) =>
    askAsAdministrator(needs, request, async (tx, who) => (await devicesOf(tx, who.organisation)).map(rowOf)),
  );

  app.post("/api/devices", async (request): Promise<z.infer<typeof CreatedDevice>> => {
    const who = await actorOf(needs, request);
    const input = parseInput(CreateDevice, request.body);
    const name = await world.database.read(scopeOf(who), (tx) => organisationById(tx, who.organisation));
    const issued =
      input.certificate === undefined && appointingRefused(who) === null
        ? await authority.issueForDevice({ aeTitle: input.aeTitle, organisation: name?.name ?? "" })
        : { key: null, cert: input.certificate ?? "" };
    const { id } = await registerDevice(world, who, {
      ...input,
      certificate: issued.cert,
      issued: issued.key !== null,
    });
    const device = await world.database.read(scopeOf(who), (tx) => deviceById(tx, who.organisation, id));
    if (device === null) throw new Fault("state.conflict", "The device was removed meanwhile.");
    return { device: rowOf(device), certificate: issued.cert, key: issued.key, authority: authority.authority };
  });

  app.delete("/api/devices/:id", async (request) =>
    endDevice(world, await actorOf(needs, request), { id: idOf(request) }),
  );
}

function rowOf(device: DeviceRecord): DeviceRow {
  return {
    id: device.id,
    aeTitle: device.ae_title,
    description: device.description,
    services: device.services,
    host: device.host,
    port: device.port,
    certificateSha256: device.certificate_sha256?.toString("hex") ?? null,
    notAfter: instant(device.not_after),
    lastSeenAt: instant(device.last_seen_at),
    revokedAt: instant(device.revoked_at),
    pairing: device.revoked_at === null ? device.pairing : null,
  };
}

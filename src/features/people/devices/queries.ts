import { sql } from "kysely";
import type { Tx } from "#platform/postgres/db.ts";

export type DeviceRecord = {
  id: string;
  ae_title: string;
  description: string;
  certificate_sha256: Buffer | null;
  not_after: Date | null;
  services: string[];
  host: string | null;
  port: number | null;
  max_associations: number;
  created_at: Date;
  revoked_at: Date | null;
  last_seen_at: Date | null;
  pairing: string | null;
};

/** Whose certificate this is: answers before any scope is known, one row for one fingerprint and AE title. */
export async function devicesWithCertificate(
  tx: Tx,
  fingerprint: Buffer,
): Promise<{ organisation: string; id: string }[]> {
  const { rows } = await sql<{
    organisation: string;
    id: string;
  }>`select organisation, id from resolve_device(${fingerprint})`.execute(tx);
  return rows;
}

export async function plainDevices(tx: Tx, aeTitle: string): Promise<{ organisation: string; id: string }[]> {
  const { rows } = await sql<{
    organisation: string;
    id: string;
  }>`select organisation, id from resolve_plain_device(${aeTitle})`.execute(tx);
  return rows;
}

export async function deviceById(tx: Tx, organisation: string, id: string): Promise<DeviceRecord | null> {
  const { rows } = await sql<DeviceRecord>`
    select id, ae_title, description, certificate_sha256, not_after, services, host, port, max_associations, created_at, revoked_at, last_seen_at, pairing
    from device where organisation = ${organisation} and id = ${id}`.execute(tx);
  return rows[0] ?? null;
}

export async function devicesOf(tx: Tx, organisation: string): Promise<DeviceRecord[]> {
  const { rows } = await sql<DeviceRecord>`
    select id, ae_title, description, certificate_sha256, not_after, services, host, port, max_associations, created_at, revoked_at, last_seen_at, pairing
    from device where organisation = ${organisation} order by revoked_at nulls first, ae_title`.execute(tx);
  return rows;
}

export type NewDevice = {
  organisation: string;
  id: string;
  aeTitle: string;
  description: string;
  certificateSha256: Buffer | null;
  certificatePem: string | null;
  notAfter: Date | null;
  services: readonly string[];
  host: string | null;
  port: number | null;
  pairing: string | null;
};

export async function insertDevice(tx: Tx, device: NewDevice): Promise<void> {
  await sql`insert into device (organisation, id, ae_title, description, certificate_sha256, certificate_pem, not_after, services, host, port, pairing)
    values (${device.organisation}, ${device.id}, ${device.aeTitle}, ${device.description}, ${device.certificateSha256}, ${device.certificatePem}, ${device.notAfter}, ${[...device.services]}::text[],
      ${device.host}, ${device.port}, ${device.pairing})`.execute(tx);
}

/** Whether a certificate belongs to another organisation than the one that asks. Says nothing of which. */
export async function certificateIsTaken(tx: Tx, fingerprint: Buffer): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`select certificate_is_taken(${fingerprint}) as taken`.execute(tx);
  return rows[0]?.taken !== false;
}

export async function holdsCertificate(tx: Tx, organisation: string, fingerprint: Buffer): Promise<boolean> {
  const { rows } =
    await sql`select from certificate_holder where organisation = ${organisation} and certificate_sha256 = ${fingerprint}`.execute(
      tx,
    );
  return rows.length > 0;
}

/** Makes a certificate this organisation's for good; false where another one was first. */
export async function claimCertificate(tx: Tx, organisation: string, fingerprint: Buffer): Promise<boolean> {
  await sql`insert into certificate_holder (organisation, certificate_sha256) values (${organisation}, ${fingerprint})
    on conflict do nothing`.execute(tx);
  return holdsCertificate(tx, organisation, fingerprint);
}

export async function endPairing(tx: Tx, organisation: string, id: string): Promise<void> {
  await sql`update device set pairing = null where organisation = ${organisation} and id = ${id}`.execute(tx);
}

export async function revokeDevice(tx: Tx, organisation: string, id: string): Promise<boolean> {
  const { rows } =
    await sql`update device set revoked_at = now() where organisation = ${organisation} and id = ${id} and revoked_at is null returning id`.execute(
      tx,
    );
  return rows.length > 0;
}

export async function deviceSeen(tx: Tx, organisation: string, id: string): Promise<void> {
  await sql`update device set last_seen_at = now() where organisation = ${organisation} and id = ${id} and (last_seen_at is null or last_seen_at < now() - interval '1 minute')`.execute(
    tx,
  );
}

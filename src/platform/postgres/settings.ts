import { Fault } from "#kit/fault.ts";

/**
 * How the embedded server runs. Durable first: a commit that was acknowledged is on disk. Its log keeps no statements, no
 * details and no errors of single statements, because those quote values.
 */
export function serverSettings(socketDir: string, options: { durable?: boolean } = {}): Record<string, string> {
  const durable = (options.durable ?? true) ? "on" : "off";
  return {
    fsync: durable,
    full_page_writes: durable,
    synchronous_commit: durable,
    wal_compression: "on",
    wal_buffers: "16MB",
    max_wal_size: "2GB",
    checkpoint_timeout: "15min",
    shared_buffers: "256MB",
    effective_cache_size: "1GB",
    work_mem: "16MB",
    maintenance_work_mem: "128MB",
    random_page_cost: "1.1",
    jit: "off",
    max_connections: "100",
    superuser_reserved_connections: "5",
    listen_addresses: "",
    unix_socket_directories: socketDir,
    unix_socket_permissions: "0700",
    password_encryption: "scram-sha-256",
    idle_in_transaction_session_timeout: "60s",
    timezone: "UTC",
    log_timezone: "UTC",
    logging_collector: "on",
    log_directory: "../log",
    log_filename: "postgresql-%a.log",
    log_file_mode: "0600",
    log_rotation_age: "1d",
    log_rotation_size: "0",
    log_truncate_on_rotation: "on",
    log_min_messages: "log",
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    log_statement: "none",
    log_parameter_max_length_on_error: "0",
  };
}

/** What any server must have on before we trust it with an acknowledgement; synchronous_commit may also be stricter. */
const MUST: Record<string, (value: string) => boolean> = {
  fsync: (value) => value === "on",
  full_page_writes: (value) => value === "on",
  synchronous_commit: (value) => value !== "off",
};

export const OLDEST_SERVER = 150_000;

/**
 * Refuses a server that could lose an acknowledged commit, or is too old.
 * @throws Fault config.invalid naming the setting
 */
export function judgeServer(shown: ReadonlyMap<string, string>): void {
  const version = Number(shown.get("server_version_num"));
  if (!(version >= OLDEST_SERVER)) {
    throw new Fault("config.invalid", "This PostgreSQL is older than 15; use a newer one.", { place: "databaseUrl" });
  }
  for (const [name, holds] of Object.entries(MUST)) {
    if (holds(shown.get(name) ?? "")) continue;
    throw new Fault(
      "config.invalid",
      `The database server runs with ${name} off and could lose what was acknowledged: turn it on, then start again.`,
      {
        place: name,
      },
    );
  }
}

export const JUDGED_SETTINGS = ["server_version_num", ...Object.keys(MUST)];

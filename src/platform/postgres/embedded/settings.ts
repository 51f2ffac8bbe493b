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

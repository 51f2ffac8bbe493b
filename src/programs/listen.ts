import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { Fault } from "#kit/fault.ts";
import type { Config } from "#platform/config.ts";
import type { Log } from "#platform/log.ts";
import { followRenewal } from "#platform/tls.ts";

/** The web listeners there are, by their setting. */
const SETTINGS = { httpPort: "SAFELIGHT_HTTP_PORT", ohifPort: "SAFELIGHT_OHIF_PORT" } as const;

/**
 * Opens a web listener and follows its certificate's renewal until it closes. Answers the port.
 * @throws Fault config.invalid with the setting that names another port
 */
export async function listen(
  app: FastifyInstance,
  { config, setting, log }: { config: Config; setting: keyof typeof SETTINGS; log: Log },
): Promise<number> {
  const port = config[setting] ?? 0;
  try {
    await app.listen({ host: config.bind, port });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Fault(
      "config.invalid",
      `Cannot listen on ${config.bind} port ${port} (${code}); ${SETTINGS[setting]} sets another one.`,
      { place: setting, cause: error },
    );
  }
  if (config.tlsCert !== undefined && config.tlsKey !== undefined) {
    const files = { cert: config.tlsCert, key: config.tlsKey };
    const stop = followRenewal(app.server as never, files, (fault) =>
      log.error({ err: fault }, "the renewed certificate was not taken"),
    );
    app.server.once("close", stop);
  }
  return (app.server.address() as AddressInfo).port;
}

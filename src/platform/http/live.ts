import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Events, LiveEvent } from "#platform/events.ts";

const HEARTBEAT_MS = 15_000;
/** A reader that is this far behind is cut off; it comes back and asks anew. */
const BEHIND_BYTES = 64 * 1024;
const BEHIND_EVENTS = 200;

export type LiveOptions = {
  channels: readonly string[];
  /** Asked before every event and heartbeat: a session that ended or a right that was taken away ends the stream. */
  stillAllowed: () => Promise<boolean>;
  /** Asked of each event after that: what is not for this watcher is left out. All are, where nobody says. */
  isFor?: (event: LiveEvent) => Promise<boolean>;
  heartbeatMs?: number;
};

/** Streams a channel's events to a browser (HTML standard §9.2, server-sent events) until it leaves or may no longer watch. */
export function streamLive(events: Events, request: FastifyRequest, reply: FastifyReply, options: LiveOptions): void {
  const raw = reply.hijack().raw;
  raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  raw.flushHeaders();
  const streams = streamsOf(request.server);
  let turn: Promise<void> = Promise.resolve();
  let waiting = 0;
  const sendOne = async (text: string, event?: LiveEvent): Promise<void> => {
    waiting--;
    if (raw.destroyed) return;
    if (!(await options.stillAllowed()) || raw.writableLength > BEHIND_BYTES) end();
    else if (event === undefined || options.isFor === undefined || (await options.isFor(event))) raw.write(text);
  };
  const send = (text: string, event?: LiveEvent): void => {
    if (++waiting > BEHIND_EVENTS) end();
    else turn = turn.then(() => sendOne(text, event)).catch(end);
  };
  const stops = options.channels.map((channel) => events.subscribe(channel, (event) => send(frameOf(event), event)));
  const heartbeat = setInterval(() => send(": still here\n\n"), options.heartbeatMs ?? HEARTBEAT_MS);
  const end = (): void => {
    clearInterval(heartbeat);
    for (const stop of stops) stop();
    streams.delete(end);
    raw.end();
  };
  streams.add(end);
  raw.once("close", end);
  send("retry: 2000\n\n");
}

const open = new WeakMap<object, Set<() => void>>();

function streamsOf(app: FastifyInstance): Set<() => void> {
  const streams = open.get(app.server) ?? new Set();
  open.set(app.server, streams);
  return streams;
}

/** Ends every live stream of a server that closes: they would never end by themselves. */
export function endLiveStreams(app: FastifyInstance): void {
  for (const end of streamsOf(app)) end();
}

function frameOf(event: LiveEvent): string {
  return `event: ${event.kind.replace(/[^a-z0-9.-]/gi, "")}\ndata: ${JSON.stringify(event)}\n\n`;
}

import type { FastifyInstance, FastifyRequest } from "fastify";
import { AcceptInvitation, BeginSetup, FinishSetup, LookInvitation, SetupSecret } from "#contract/people.ts";
import { parseInput } from "#features/audit/action.ts";
import { acceptInvitation, lookAtInvitation } from "#features/people/joining/invitation.ts";
import { SECRETS } from "#features/people/signin/attempts.ts";
import { signInByPassword } from "#features/people/signin/mount.ts";
import { Fault } from "#kit/fault.ts";
import { isLoopback } from "#platform/config.ts";
import { refuseCrossSite } from "#platform/http/origin.ts";
import { sourceOf } from "#platform/http/source.ts";
import type { PeopleHttpNeeds } from "./context.ts";

/** For people who are not signed in yet: invitations and first start. Their secrets come by POST only, so that nothing that follows links uses them up. */
export function addJoiningRoutes(app: FastifyInstance, needs: PeopleHttpNeeds): void {
  const { signin, setup } = needs;
  app.post("/api/invitation/look", (request) =>
    lookAtInvitation(signin, request, parseInput(LookInvitation, request.body).secret),
  );
  app.post("/api/invitation/accept", (request, reply) => {
    refuseCrossSite(request, needs.publicUrl());
    return acceptInvitation(signin, request, reply, parseInput(AcceptInvitation, request.body));
  });

  app.get("/api/setup", async () => ({ state: await setup.stage() }));
  app.post("/api/setup/begin", async (request, reply) => {
    await protectSetup(needs, request);
    const input = parseInput(BeginSetup, request.body);
    const recoveryKey = (await setup.begin(input)).reveal();
    await signInByPassword(signin, request, reply, input); // so that the second factor can be enrolled at once
    return { recoveryKey };
  });
  app.post("/api/setup/recovery", async (request) => {
    await protectSetup(needs, request);
    return { recoveryKey: (await setup.recovery(parseInput(SetupSecret, request.body).secret)).reveal() };
  });
  app.post("/api/setup/finish", async (request) => {
    await protectSetup(needs, request);
    await setup.finish(parseInput(FinishSetup, request.body).secret);
    return { state: await setup.stage() };
  });
}

/** On this machine or over TLS, from our own page, with few tries. */
async function protectSetup({ signin, publicUrl }: PeopleHttpNeeds, request: FastifyRequest): Promise<void> {
  refuseCrossSite(request, publicUrl());
  if (request.protocol !== "https" && !isLoopback(request.ip.replace(/^::ffff:/, "")))
    throw new Fault("link.closed", "Set-up is open on this machine or over TLS only.");
  const allowance = await signin.attempts.count(SECRETS, sourceOf(request.ip));
  if (!allowance.allowed) throw new Fault("rate.limited", "Too many tries; come again later.");
}

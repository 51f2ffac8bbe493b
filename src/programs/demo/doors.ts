import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { DemoDoors } from "#contract/people.ts";
import { parseInput } from "#features/audit/action.ts";
import { shareStudy } from "#features/sharing/actions.ts";
import { lookAtLink } from "#features/sharing/link-actions.ts";
import { Fault } from "#kit/fault.ts";
import type { Hidden } from "#kit/hidden.ts";
import type { Node } from "../node.ts";
import type { Serving } from "../routes.ts";
import { actorOf, type DemoPerson } from "./people.ts";
import type { Demo } from "./seed.ts";

type Door = z.output<typeof DemoDoors>["doors"][number];

function doorsOf({ patientStudy }: Demo): Door[] {
  const { birthDate } = patientStudy;
  const spoken = `${Number(birthDate.slice(6, 8))}.${Number(birthDate.slice(4, 6))}.${birthDate.slice(0, 4)}`;
  return [
    {
      door: "patient",
      title: "Patient",
      text: `Ayanda Nkosi opens the link the clinic gave her, on her phone. Her birth date is ${spoken}.`,
    },
    {
      door: "referrer",
      title: "Referring doctor",
      text: "Dr T. Mokoena looks at the images and the report of the patient he sent.",
    },
    {
      door: "radiologist",
      title: "Radiologist",
      text: "Dr A. Reyes reads for four clinics from one worklist, with priors beside.",
    },
    { door: "clinic", title: "Clinic", text: "Naledi Dube at Umzimvubu Clinic sends, shares and proves who saw what." },
  ];
}

/** The four doors of the demonstration: one click each. They exist on loopback and over made-up data only. */
export function addDoors(app: FastifyInstance, serving: Serving, demo: () => Demo | undefined): void {
  const patientLink = patientLinkOf(serving);
  app.get("/api/demo/doors", async () => {
    const known = demo();
    return { doors: known ? doorsOf(known) : [] };
  });
  app.post("/api/demo/enter", async (request, reply) => {
    const { door } = parseInput(
      z.object({ door: z.enum(["patient", "referrer", "radiologist", "clinic"]) }),
      request.body,
    );
    const known = demo();
    if (!known) return { go: "/" };
    if (door === "patient") return { go: `/l#${(await patientLink(known)).reveal()}` };
    const person: DemoPerson = known[door];
    const session = await serving.signin.accounts.openSession(person.user);
    await serving.signin.admit(reply, session, { factor: "password+totp", organisation: person.organisation });
    return { go: "/studies" };
  });
}

/** The link of the patient's door: the same at every click while it is open, so that the study is shared once. */
function patientLinkOf({ node }: Serving): (demo: Demo) => Promise<Hidden<string>> {
  let last: Hidden<string> | undefined;
  return async (demo) => {
    if (!last || !(await isOpen(node, last))) last = await shareWithPatient(node, demo);
    return last;
  };
}

async function isOpen(node: Node, secret: Hidden<string>): Promise<boolean> {
  try {
    await lookAtLink(node, secret.reveal());
    return true;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === "link.closed") return false;
    throw thrown;
  }
}

async function shareWithPatient(node: Node, { clinic, patientStudy }: Demo): Promise<Hidden<string>> {
  const { link } = await shareStudy(node, actorOf(clinic), {
    owner: patientStudy.owner,
    study: patientStudy.id,
    subject: { kind: "link", recipient: "Ayanda Nkosi", toPatient: true },
    purpose: "patient-request",
    basis: { kind: "own-care" },
    rights: ["view"],
    withReport: true,
    expiresInDays: 7,
    challenge: { kind: "birth-date" },
    notify: false,
  });
  if (!link) throw new Fault("internal", "the patient's door has no link");
  return link.secret;
}

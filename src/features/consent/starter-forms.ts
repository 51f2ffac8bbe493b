import type { z } from "zod";
import type { PublishForm } from "#contract/sharing.ts";

type Starter = Omit<z.output<typeof PublishForm>, "jurisdiction">;

const NOTE =
  "TEMPLATE. This text is a starting point. Have it read by somebody who knows the law where you work, change what they change, and publish it as a new version before you rely on it.";

const END =
  "You may change your mind at any time, without a reason and without any disadvantage for your treatment. Tell us at the desk, by telephone or in writing. From that moment nothing more is shared on the strength of this permission. What was seen or copied before stays with whoever has it.";

/** The forms an organisation begins with: one for each kind of permission, so that each can be given or refused by itself. */
export function starterForms(organisation: string): Starter[] {
  return [
    {
      form: "treatment-sharing",
      language: "en",
      purposes: ["second-opinion", "care", "patient-request"],
      title: "Sharing my images for my treatment (template)",
      body: paragraphs(
        NOTE,
        `I allow ${organisation} to show my images and reports of the examination that was named to me to the doctor or institution that was named to me, so that they can advise on or take over my treatment.`,
        "What is shared: the images, the report if I was told so, my name, my date of birth and what the images themselves say. Nothing else.",
        "How: over an encrypted connection, to that recipient only, until the day I was told. Each opening is written down, and I may ask who looked at my images and when.",
        END,
        "Treatment does not depend on this permission. Where my doctors must exchange images to treat me, the law lets them do so without it.",
      ),
    },
    {
      form: "teaching",
      language: "en",
      purposes: ["teaching"],
      title: "My images in teaching (template)",
      body: paragraphs(
        NOTE,
        `I allow ${organisation} to use images of the examination that was named to me to teach students and health professionals.`,
        "My name, date of birth, numbers and everything else that says who I am are removed from the images first, as far as that is possible. A very rare illness or an unusual picture may still be recognised by somebody who knows me.",
        "The images are not sold, and not put where anybody can see them.",
        END,
        "If I say no, nothing changes in how I am treated.",
      ),
    },
    {
      form: "research",
      language: "en",
      purposes: ["research"],
      title: "My images in research (template)",
      body: paragraphs(
        NOTE,
        `I allow ${organisation} to give images and reports of the examination that was named to me to the research project that was named to me, which an ethics committee has approved.`,
        "My name, date of birth and numbers are replaced by a code. Only we can tell from the code who I am, and we do so only if a result matters for my health.",
        "The project may keep the images for as long as it told me. They may not be passed on to others or sold.",
        END,
        "Results that were already worked out and published cannot be taken back. If I say no, nothing changes in how I am treated.",
      ),
    },
  ];
}

function paragraphs(...texts: string[]): string {
  return texts.join("\n\n");
}

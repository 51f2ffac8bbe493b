/** The demo's page with four doors. */
export const demoWords = {
  title: "Four people, one study.",
  lead: "A scan made at a clinic reaches the right reader, is read, and comes back. Step in as any of them; everything here is invented and stays on this machine.",
  enter: "Enter",
  entering: "Opening",
  door: {
    patient: { title: "The patient", text: "Sees her images and the report on a phone, in plain words." },
    referrer: { title: "The referring doctor", text: "Has what was shared with her, in one click that is safe." },
    radiologist: {
      title: "The radiologist",
      text: "Reads for several clinics from one list, priors beside, signs the report.",
    },
    clinic: { title: "The clinic", text: "Receives, shares, takes consent, and proves who saw what." },
  },
  signIn: "Sign in instead",
  warming: "The lamp is warming up: patients, studies and reports are being made. The doors appear by themselves.",
  foot: "Secure image sharing for teleradiology: self-hosted, open, standards to the letter.",
  failed: "This door is stuck. Try again in a moment.",
} as const;

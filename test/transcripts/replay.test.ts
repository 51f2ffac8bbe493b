import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { systemActor } from "#features/audit/actor.ts";
import { registerDevice } from "#features/people/devices/actions.ts";
import { enrolSecondFactor } from "#features/people/signin/enrol.ts";
import { shareStudy } from "#features/sharing/actions.ts";
import { instanceOf } from "#phantoms/record/modules.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { AccessHouse } from "../support/access-house.ts";
import { Phone } from "../support/people.ts";
import { anImage } from "../support/sharing.ts";
import { type Props, readTranscript, replay } from "../support/transcript.ts";
import { readByteTranscript, replayBytes } from "../support/transcript-bytes.ts";

/** Whole conversations, written as a reviewer would, replayed against the running server in the order of their names. */
const PASSWORD = "correct horse battery staple";
const UID = "2.25.329800735698586629295641978511506172918";
let house: AccessHouse;
let props: Props;

before(async () => {
  house = await AccessHouse.open({ SAFELIGHT_DICOM_PORT: "0" });
  const [clinic, stranger] = [await house.organisation("Seaview Clinic"), await house.organisation("Another clinic")];
  const scopes = ["dicomweb.read", "dicomweb.write"] as const;
  const doctor = await house.person(clinic, ["radiologist"], "care", true);
  const phone = new Phone(
    `otpauth://totp/x?secret=${(await enrolSecondFactor(house.server.serving.signin.place, doctor.user)).reveal()}`,
  );
  await registerDevice(house.node, systemActor(clinic, "transcripts"), {
    ...{ aeTitle: "CT1", description: "", certificate: null, plain: true, query: false },
  });
  const study = await house.study(clinic, [anImage()], { PatientName: "Dlamini^Thandi" });
  const { link } = await shareStudy(house.node, doctor, {
    ...{ owner: clinic, study: study.id, subject: { kind: "link", recipient: "Dr B. Fourie" } },
    ...{ purpose: "second-opinion", basis: { kind: "own-care" }, rights: ["view"] },
    challenge: { kind: "password", password: "correct-horse-1" },
  });
  assert.ok(link);
  props = {
    values: new Map<string, string | (() => Promise<string>)>([
      ["url", house.url],
      ["token", (await house.token(clinic, scopes)).secret],
      ["read-only", (await house.token(clinic, ["dicomweb.read"])).secret],
      ["stranger", (await house.token(stranger, scopes)).secret],
      ["study", `${UID}.1`],
      ["series", `${UID}.2`],
      ["instance", `${UID}.3`],
      ["email", doctor.email],
      ["password", PASSWORD],
      ["totp", () => phone.code()],
      ["link", link.secret.reveal()],
      ["shared", study.uid],
    ]),
    files: new Map([
      ["ct", slice(`${UID}.3`, "Nkosi^Ayanda")],
      ["ct-of-another", slice(`${UID}.3`, "Other^Person")],
      ["ct-without-end", cut(slice(`${UID}.4`, "Nkosi^Ayanda"))],
      ["data-set", dataSetOf(slice(`${UID}.5`, "Botha^Pieter", `${UID}.6`))],
    ]),
  };
});

after(() => house.close());

/** A CT slice of 32 × 32, the same bytes every time. */
function slice(instance: string, name: string, study = `${UID}.1`): Uint8Array {
  const { sopClass, attributes } = anImage();
  return instanceOf(sopClass, instance, {
    ...{ PatientName: name, PatientID: "P1", PatientBirthDate: "19870419", PatientSex: "F" },
    ...{ StudyInstanceUID: study, StudyDate: "20261120", StudyTime: "0900", StudyDescription: "CT head" },
    ...{ AccessionNumber: "A1", StudyID: "1", ReferringPhysicianName: "" },
    ...{
      SeriesInstanceUID: study === `${UID}.1` ? `${UID}.2` : `${UID}.7`,
      SeriesNumber: 1,
      Modality: "CT",
      InstanceNumber: 1,
    },
    ...attributes,
  }).part10;
}

const dataSetOf = (file: Uint8Array): Uint8Array => file.subarray(readPart10(file).dataSetOffset);
/** A file that breaks off in the middle of its pixels. */
const cut = (file: Uint8Array): Uint8Array => file.subarray(0, file.length - 1000);

const folder = import.meta.dirname;
for (const name of readdirSync(folder).sort()) {
  if (!name.endsWith(".txt")) continue;
  const text = readFileSync(join(folder, name), "utf8");
  if (name.endsWith(".dimse.txt")) {
    const { title, turns } = readByteTranscript(text);
    test(`${name}: ${title}`, () => replayBytes(house.server.ports.dicom ?? 0, turns, props.files));
  } else {
    const { title, exchanges } = readTranscript(text);
    test(`${name}: ${title}`, async () => {
      assert.ok(exchanges.length > 0);
      for (const exchange of exchanges) await replay(house.url, exchange, props);
    });
  }
}

import { CT_IMAGE_STORAGE, thickSliceUid } from "#phantoms/ct/series.ts";
import { code, commonAttributes, type Instance, instanceOf } from "#phantoms/record/modules.ts";
import type { ContentRecipe } from "#phantoms/record/recipe.ts";
import { type Setting, uidOf } from "#phantoms/record/setting.ts";
import type { Attributes } from "#standards/dicom/build.ts";

/** PS3.4 annex B.5. */
const BASIC_TEXT_SR_STORAGE = "1.2.840.10008.5.1.4.1.1.88.11";
const COMPREHENSIVE_SR_STORAGE = "1.2.840.10008.5.1.4.1.1.88.33";

const READER = "Reyes^Carmen^^Dr";
const GROUP = "Reyes Reading Group";
const THICK_SERIES = 2;

/** One content item. PS3.3 §C.17.3. */
function item(relationship: string, valueType: string, concept: Attributes, rest: Attributes): Attributes {
  return { RelationshipType: relationship, ValueType: valueType, ConceptNameCodeSequence: [concept], ...rest };
}

const dcm = (value: string, meaning: string): Attributes => code(value, "DCM", meaning);

const text = (concept: Attributes, words: string): Attributes =>
  item("CONTAINS", "TEXT", concept, { TextValue: words });

const container = (concept: Attributes, items: readonly Attributes[]): Attributes =>
  item("CONTAINS", "CONTAINER", concept, { ContinuityOfContent: "SEPARATE", ContentSequence: items });

const slice = (setting: Setting, number: number): Attributes => ({
  ReferencedSOPClassUID: CT_IMAGE_STORAGE,
  ReferencedSOPInstanceUID: thickSliceUid(setting, number),
});

/** TID 1204 and TID 1002: the language, and who observed. */
const observation = (): Attributes[] => [
  item("HAS CONCEPT MOD", "CODE", dcm("121049", "Language of Content Item and Descendants"), {
    ConceptCodeSequence: [code("en-ZA", "RFC5646", "English (South Africa)")],
  }),
  item("HAS OBS CONTEXT", "CODE", dcm("121005", "Observer Type"), { ConceptCodeSequence: [dcm("121006", "Person")] }),
  item("HAS OBS CONTEXT", "PNAME", dcm("121008", "Person Observer Name"), { PersonName: READER }),
];

/** PS3.3 §C.17.2: state of the document, who verified it, and every object it speaks of. */
function documentAttributes(setting: Setting, slices: readonly number[]): Attributes {
  const time = setting.timeAt(2400);
  return {
    InstanceNumber: 1,
    ContentDate: setting.date,
    ContentTime: time,
    CompletionFlag: "COMPLETE",
    VerificationFlag: "VERIFIED",
    VerifyingObserverSequence: [
      {
        VerifyingObserverName: READER,
        VerifyingObserverIdentificationCodeSequence: [],
        VerifyingOrganization: GROUP,
        VerificationDateTime: `${setting.date}${time}`,
      },
    ],
    ReferencedPerformedProcedureStepSequence: [],
    PerformedProcedureCodeSequence: [],
    CurrentRequestedProcedureEvidenceSequence: [
      {
        StudyInstanceUID: setting.studyUid,
        ReferencedSeriesSequence: [
          {
            SeriesInstanceUID: setting.uid(`series/${THICK_SERIES}`),
            ReferencedSOPSequence: slices.map((n) => slice(setting, n)),
          },
        ],
      },
    ],
    ValueType: "CONTAINER",
    ContinuityOfContent: "SEPARATE",
  };
}

const series = (setting: Setting, number: number, description: string): Attributes =>
  commonAttributes(setting, {
    modality: "SR",
    number,
    description,
    station: "READ1",
    model: "Phantom Reading",
  });

/** A report in words that shows one slice of the CT it belongs to. TID 2000. */
export function* reportSeries(
  setting: Setting,
  content: Extract<ContentRecipe, { is: "report" }>,
): Generator<Instance> {
  const shown = 16;
  const findings = content.findings.map((words) => text(dcm("121071", "Finding"), words));
  const image = item("CONTAINS", "IMAGE", dcm("121080", "Best illustration of finding"), {
    ReferencedSOPSequence: [slice(setting, shown)],
  });
  yield instanceOf(BASIC_TEXT_SR_STORAGE, setting.uid("sr/report"), {
    ...series(setting, 91, "Report"),
    ...documentAttributes(setting, [shown]),
    ConceptNameCodeSequence: [code("18748-4", "LN", "Diagnostic imaging study")],
    ContentSequence: [
      ...observation(),
      container(dcm("121070", "Findings"), [...findings, image]),
      container(dcm("121072", "Impressions"), [text(dcm("121073", "Impression"), content.impression)]),
    ],
  });
}

/** One length with the line on the slice it was measured on. TID 1500, in short. */
export function* measurementSeries(
  setting: Setting,
  content: Extract<ContentRecipe, { is: "measurement" }>,
): Generator<Instance> {
  const line = {
    ...item("INFERRED FROM", "SCOORD", code("121055", "DCM", "Path"), {
      GraphicType: "POLYLINE",
      GraphicData: [...content.line],
      ContentSequence: [
        {
          RelationshipType: "SELECTED FROM",
          ValueType: "IMAGE",
          ReferencedSOPSequence: [slice(setting, content.slice)],
        },
      ],
    }),
  };
  const length = item("CONTAINS", "NUM", code("410668003", "SCT", "Length"), {
    MeasuredValueSequence: [
      { NumericValue: content.millimetres, MeasurementUnitsCodeSequence: [code("mm", "UCUM", "millimeter")] },
    ],
    ContentSequence: [line],
  });
  const group = container(dcm("125007", "Measurement Group"), [
    item("HAS OBS CONTEXT", "TEXT", dcm("112039", "Tracking Identifier"), { TextValue: content.name }),
    item("HAS OBS CONTEXT", "UIDREF", dcm("112040", "Tracking Unique Identifier"), {
      UID: uidOf(`${setting.studyUid}/${content.name}`),
    }),
    length,
  ]);
  yield instanceOf(COMPREHENSIVE_SR_STORAGE, setting.uid("sr/measurement"), {
    ...series(setting, 92, "Measurements"),
    ...documentAttributes(setting, [content.slice]),
    ConceptNameCodeSequence: [dcm("126000", "Imaging Measurement Report")],
    ContentTemplateSequence: [{ MappingResource: "DCMR", TemplateIdentifier: "1500" }],
    ContentSequence: [...observation(), container(dcm("126010", "Imaging Measurements"), [group])],
  });
}

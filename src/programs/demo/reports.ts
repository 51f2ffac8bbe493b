import type { z } from "zod";
import type { ReportText } from "#contract/studies.ts";

/** What has been read when the demonstration opens, by the label of the study's recipe: the earlier examinations, the letter, one of today. */
export const REPORTS: Readonly<Record<string, z.input<typeof ReportText>>> = {
  "nkosi-ct-head": {
    indication: "Fall from height, GCS 13. Bleed?",
    comparison: "CT head of the earlier visit: no bleed.",
    findings:
      "Crescentic hyperdensity over the right convexity, 14.2 mm in greatest thickness, new since the prior. Midline shift of 4 mm to the left. No fracture on bone windows.",
    impression:
      "Acute right subdural haematoma, 14 mm, with 4 mm of midline shift. Discussed with the referring doctor by telephone.",
  },
  "nkosi-ct-head-before": {
    indication: "Headache for two weeks.",
    findings:
      "No intracranial haemorrhage, no extra-axial collection. Ventricles and sulci are normal for age. The midline is not displaced. No fracture. Paranasal sinuses and mastoid cells are aerated.",
    impression: "Normal CT of the head.",
  },
  "nkosi-chest-before": {
    indication: "Cough for three weeks.",
    findings: "Heart and mediastinum are of normal size and shape. Both lungs are clear. No pleural effusion.",
    impression: "Normal chest radiograph.",
  },
  "khumalo-chest-before": {
    indication: "Pre-employment examination.",
    findings:
      "Heart and mediastinum are of normal size and shape. Both lungs are clear. No pleural effusion, no pneumothorax. The bones show nothing remarkable.",
    impression: "Normal chest radiograph.",
  },
  "botha-mammography-before": {
    indication: "Screening.",
    findings: "Heterogeneously dense breasts. No mass, no suspicious calcification, no architectural distortion.",
    impression: "BI-RADS 1 on both sides. Next screening in two years.",
  },
  "dlamini-letter": {
    indication: "Report from outside, brought along on paper; no images.",
    findings: "The letter describes a supracondylar fracture of the left humerus without displacement.",
    impression: "Taken to the file as it is; nothing to read here.",
  },
};

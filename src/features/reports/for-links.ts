import type { World } from "#features/audit/action.ts";
import { sendReportPdf } from "#features/reports/http.ts";
import { reportForPatient, signedForPatient } from "#features/reports/reading.ts";
import type { LinkReports } from "#features/studies/link/door.ts";

/** The signed report for whoever holds a link that includes it: what the pages of links are given, and no more. */
export function reportsForLinks(world: World): LinkReports {
  return {
    read: (who, owner, study) => reportForPatient(world, who, owner, study),
    async print(who, owner, study, reply) {
      const found = await signedForPatient(world, who, owner, study);
      return found && sendReportPdf(world, who, found, reply);
    },
  };
}

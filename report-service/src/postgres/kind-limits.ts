import type { Claimant } from "../ports/job-queue.ts";
import { arrayOf } from "./array.ts";

/** The last three parameters of `take_jobs_1` and `take_job_1`: kinds that are paused, that are limited, and to how many. */
export function kindLimitsOf({ paused = [], perTenant }: Claimant): readonly [string, string, string] {
  return [arrayOf(paused), arrayOf([...(perTenant?.keys() ?? [])]), arrayOf([...(perTenant?.values() ?? [])])];
}

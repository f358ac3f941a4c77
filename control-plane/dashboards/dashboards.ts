import { controlPlane } from "./control-plane.ts";
import type { Dashboard } from "./dashboard.ts";
import { proxies } from "./proxies.ts";
import { reportService } from "./report-service.ts";
import { traffic } from "./traffic.ts";

/** All of them, by the name of their file without `.json`. */
export const dashboards: Readonly<Record<string, Dashboard>> = {
  "control-plane": controlPlane,
  traffic,
  proxies,
  "report-service": reportService,
};

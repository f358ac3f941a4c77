import { writeFileSync } from "node:fs";
import { dashboardJson } from "./dashboard.ts";
import { dashboards } from "./dashboards.ts";

// node control-plane/dashboards/write-dashboards.ts: rewrites the JSON files that Grafana imports.
for (const [name, dashboard] of Object.entries(dashboards))
  writeFileSync(
    new URL(`./${name}.json`, import.meta.url),
    `${JSON.stringify(dashboardJson(dashboard), undefined, 2)}\n`,
  );

// npm run load:growth -- [--most 1000000] [--kept 100000] [--watches 10000] [--write]: what times and memory of the report service do as things become many.
import { mkdir, writeFile } from "node:fs/promises";
import { arch, cpus, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { growthPage } from "./growth-page.ts";
import { cleanerBacklog, type Growth, keptReports, queueDepth, tenantCount } from "./store-growth.ts";
import { openWatches } from "./watchers.ts";

const { values } = parseArgs({
  options: {
    most: { type: "string", default: "1000000" },
    kept: { type: "string", default: "1000000" },
    watches: { type: "string", default: "10000" },
    write: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});

function decades(least: number, most: number): readonly number[] {
  return least > most ? [] : [least, ...decades(least * 10, most)];
}

const all: readonly (readonly [string, () => Promise<Growth>])[] = [
  ["watches", () => openWatches(decades(10, Number(values.watches)))],
  ["tenants", () => tenantCount(decades(1, 10_000), 20_000)],
  ["backlog", () => cleanerBacklog(decades(1_000, Math.min(100_000, Number(values.kept))))],
  ["queue", () => queueDepth(decades(1_000, Number(values.most)))],
  ["kept", () => keptReports(decades(1_000, Number(values.kept)))],
];
const machine = `${cpus().length} cores of ${cpus()[0]?.model}, ${arch()}, Linux ${release()}, Node ${process.versions.node}`;
const growths: Growth[] = [];
for (const [name, grow] of all) {
  if (values.only !== "" && !values.only.split(",").includes(name)) continue;
  const growth = await grow();
  growths.push(growth);
  console.log(JSON.stringify(growth));
}
const page = growthPage(machine, growths);
console.log(`\n${page}`);
if (values.write) {
  const folder = join(process.cwd(), "docs", "report-service");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "growth.md"), page);
}

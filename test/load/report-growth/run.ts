// npm run load:growth -- [--store sqlite,postgres] [--most 1000000] [--watches 10000] [--only watches,queue,tenants,ended] [--write]: what times and memory of the report service do as things become many.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { arch, cpus, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sectionOf, withForgotten } from "./forgotten-table.ts";
import { sqliteStores, startPostgresStores } from "./growing-stores.ts";
import { growthPage } from "./growth-page.ts";
import { endedReports, type Growth, queueDepth, tenantCount } from "./store-growth.ts";
import { openWatches } from "./watchers.ts";

const { values } = parseArgs({
  options: {
    most: { type: "string", default: "1000000" },
    store: { type: "string", default: "sqlite,postgres" },
    watches: { type: "string", default: "10000" },
    write: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});

function decades(least: number, most: number): readonly number[] {
  return least > most ? [] : [least, ...decades(least * 10, most)];
}

const machine = `${cpus().length} cores of ${cpus()[0]?.model}, ${arch()}, Linux ${release()}, Node ${process.versions.node}`;
const growths: Growth[] = [];

if (isWanted("watches")) tell(await openWatches(decades(10, Number(values.watches))));
for (const name of values.store.split(",")) {
  if (name !== "sqlite" && name !== "postgres") throw new Error(`--store must be sqlite or postgres, not "${name}"`);
  await using stores = name === "sqlite" ? sqliteStores : await startPostgresStores();
  if (isWanted("queue")) tell(await queueDepth(stores, decades(1_000, Number(values.most))));
  if (isWanted("tenants")) tell(await tenantCount(stores, decades(1, 10_000), 20_000));
  if (isWanted("ended")) tell(...(await endedReports(stores, decades(1_000, Number(values.most)))));
}

function isWanted(part: string): boolean {
  return values.only === "" || values.only.split(",").includes(part);
}

function tell(...found: readonly Growth[]): void {
  growths.push(...found);
  for (const growth of found) console.log(JSON.stringify(growth));
}

const page = growthPage(machine, growths);
console.log(`\n${page}`);
if (values.write) {
  const folder = join(process.cwd(), "docs", "report-service");
  await mkdir(folder, { recursive: true });
  const path = join(folder, "growth.md");
  // What load:forgotten has written there stays.
  const forgotten = sectionOf(await readFile(path, "utf8").catch(() => ""));
  await writeFile(path, forgotten === "" ? page : withForgotten(page, forgotten));
}

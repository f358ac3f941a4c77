// npm run load:hostile-reports [-- CREATES]
// A million creates (or so many) with one key, for each thing that can make them the same, to a server of its own: says
// how many reports came of them and how much memory the server had, over time.
import { startServer, temporaryDirectory } from "../server-process.ts";
import { residentMegabytes, shortOfMemory } from "./memory-of.ts";
import { sameKeys, stormOf } from "./same-key.ts";

const creates = Number(process.argv[2] ?? 1_000_000);
const parts = 10;

write(`| ${creates} creates with | reports | errors | per second | MB after each tenth |`);
write("|---|---|---|---|---|");
for (const [index, { title }] of sameKeys("").entries()) {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, [], shortOfMemory);
  const reports = new Set<string>();
  const megabytes: number[] = [];
  let errors = 0;
  const startedAt = performance.now();
  for (let part = 0; part < parts; part += 1) {
    const key = sameKeys("x")[index];
    if (!key) break;
    const order = (nth: number) => key.order(part * creates + nth);
    const storm = await stormOf(server.client, { ...key, order }, Math.ceil(creates / parts));
    for (const report of storm.reports) reports.add(report);
    errors += [...storm.errors.values()].reduce((sum, count) => sum + count, 0);
    megabytes.push(Math.round(await residentMegabytes(server.process.pid)));
  }
  const perSecond = Math.round((creates * 1_000) / (performance.now() - startedAt));
  write(`| ${title} | ${reports.size} | ${errors} | ${perSecond} | ${megabytes.join(" ")} |`);
  if (reports.size !== 1) process.exitCode = 1;
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

// npm run load:rejected [-- --seconds 60]
// What one listener of six costs that Envoy cannot bind, ours beside go-control-plane's snapshot cache (which is compiled for
// it: test/rejected/peer), in both variants one after another; writes results/<date>-rejected.md.
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../../control-plane/src/version.ts";
import { type Outcome, rejectOneOfSix } from "../rejected/experiment.ts";
import { ours, peer } from "../rejected/servers.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const seconds = Number(values.seconds);
// As long as the port was taken: the back-off of ours, which doubles, is over by then.
const patienceMs = seconds * 1_000 + 5_000;

const sides = [
  { side: "ours", program: ours },
  { side: "go-control-plane", program: await peer() },
];
const rows: string[] = [];
for (const variant of ["sotw", "delta"] as const) {
  for (const { side, program } of sides) {
    const outcome = await rejectOneOfSix(program, variant, { seconds, patienceMs });
    console.log(`${variant} ${side}: ${JSON.stringify(outcome)}`);
    rows.push(rowOf(variant, side, outcome));
  }
}

const date = new Date().toISOString().slice(0, 10);
const folder = join(import.meta.dirname, "results");
await mkdir(folder, { recursive: true });
const file = join(folder, `${date}-rejected.md`);
await writeFile(
  file,
  `# One listener of six that cannot be bound, ${date}

${cpus().length} cores of ${cpus()[0]?.model ?? "an unknown processor"}, Linux ${release()}; Envoy 1.40.0. Ours: weir ${version} on Node
${process.versions.node}. Theirs: go-control-plane v0.14.0, snapshot cache. Another process has the port for ${seconds} s, then lets it go. *Rejected* is
Envoy's own count of responses that it rejected in that time, which is every one that carried the listener.
\`npm run load:rejected\` makes this page again.

| variant | server | rejected | a second | the other five: answers (failures) | after the port is free | CPU s: server | Envoy |
|---|---|---|---|---|---|---|---|
${rows.join("\n")}
`,
);
console.log(file);

function rowOf(variant: string, side: string, outcome: Outcome): string {
  const { rejected, answers, failures, recoveredMs, serverCpuS, envoyCpuS } = outcome;
  const recovery =
    recoveredMs === undefined
      ? `not served within ${Math.round(patienceMs / 1_000)} s`
      : `served after ${(recoveredMs / 1_000).toFixed(1)} s`;
  const perSecond = (rejected / seconds).toFixed(rejected > 1_000 ? 0 : 2);
  const columns = [variant, side, rejected, perSecond, `${answers} (${failures})`, recovery];
  return `| ${[...columns, serverCpuS.toFixed(2), envoyCpuS.toFixed(2)].join(" | ")} |`;
}

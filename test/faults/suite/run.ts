// npm run faults -- [--seed N] [--short] [FAULT…]: breaks things under traffic and says what held. The same seed breaks the same again.
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { faults } from "./faults.ts";
import { runFault } from "./run-fault.ts";

const { values, positionals } = parseArgs({
  options: { seed: { type: "string" }, short: { type: "boolean", default: false } },
  allowPositionals: true,
});
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const unknown = positionals.filter((name) => !faults.some((fault) => fault.name === name));
if (unknown.length > 0 || !Number.isSafeInteger(seed)) {
  console.error(
    `usage: npm run faults -- [--seed N] [--short] [FAULT…], of ${faults.map(({ name }) => name).join(", ")}; not ${unknown.join(", ") || `--seed ${values.seed}`}`,
  );
  process.exit(2);
}
console.log(`seed ${seed}: npm run faults -- --seed ${seed}${values.short ? " --short" : ""} ${positionals.join(" ")}`);
const folder = join(process.cwd(), ".weir", "faults", String(seed));
await mkdir(folder, { recursive: true });
let broken = 0;
for (const fault of faults) {
  if (positionals.length > 0 && !positionals.includes(fault.name)) continue;
  console.log(`\n${fault.name}: ${fault.breaks}`);
  const log = join(folder, `${fault.name}.log`);
  await writeFile(log, "");
  const say = (what: string) => void appendFile(log, `${new Date().toISOString()} ${what}\n`);
  const outcome = await runFault(fault, { seed, short: values.short, say });
  if (outcome.kind === "not-tried") console.log(`  - not tried: ${outcome.why}`);
  if (outcome.kind === "failed") {
    broken += 1;
    console.log(
      `  ✖ it could not be carried out: ${outcome.cause instanceof Error ? outcome.cause.stack : outcome.cause}`,
    );
  }
  for (const { invariant, holds, found } of outcome.kind === "tried" ? outcome.verdicts : []) {
    if (!holds) broken += 1;
    console.log(`  ${holds ? "✔" : "✖"} ${invariant} (${found})`);
  }
}
console.log(`\n${broken === 0 ? "all held" : `${broken} did not hold`}; what was done is in ${folder}`);
process.exitCode = broken === 0 ? 0 : 1;

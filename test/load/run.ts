// npm run load [-- --bench DIR] [--caches linear,mux] [--repeat 3] [--only ours] [--name SHORT] [CELL…]
// Measures the engine beside go-control-plane, ours and theirs in turn, and writes results/<date>-<name>.md and .json.
// A cell is sotw|delta:STREAMS:CLUSTERS:ENDPOINTS[:reconnect|:sustained]; without any, all that the goals are about.
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { problemText } from "../../control-plane/src/lib/parsed.ts";
import { version } from "../../control-plane/src/version.ts";
import { openBench } from "./bench.ts";
import { type Cell, cellText, parseCell } from "./cell.ts";
import { goals } from "./goals.ts";
import { type Figures, measure } from "./measure.ts";
import { quietMachine } from "./quiet-machine.ts";
import { type Machine, markdown, type Run, verdictsOf } from "./results.ts";
import type { PeerCache, Side } from "./servers.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bench: { type: "string", default: process.env["WEIR_BENCH"] ?? "" },
    caches: { type: "string", default: "linear" },
    repeat: { type: "string", default: "3" },
    only: { type: "string" },
    name: { type: "string", default: "engine" },
    quiet: { type: "string", default: "60" },
  },
});

if (values.bench === "") {
  console.error(
    "The load client and go-control-plane are Go programs that are not part of this project, so there is nothing to measure\n" +
      "with: give their module by --bench DIR or WEIR_BENCH. Recorded results stand in test/load/results.",
  );
  process.exit(2);
}

const cells = cellsOf(positionals);
const bench = await openBench(values.bench);
const machine: Machine = {
  processor: cpus()[0]?.model ?? "an unknown processor",
  cores: cpus().length,
  kernel: release(),
  node: process.versions.node,
  weir: `weir ${version} (${await commitOf()})`,
  peer: bench.builtOf,
};
const caches = values.caches.split(",") as readonly PeerCache[];
const sides: readonly Side[] = values.only === "ours" ? ["ours"] : ["ours", ...caches];

const date = new Date().toISOString().slice(0, 10);
const folder = join(import.meta.dirname, "results");
const file = join(folder, `${date}-${values.name}`);
const runs: Run[] = [];
for (let repetition = 1; repetition <= Number(values.repeat); repetition += 1) {
  for (const cell of cells) {
    for (const side of sidesOf(cell)) {
      await quietMachine(Number(values.quiet) * 1_000);
      const figures = await measure(cell, side, bench);
      runs.push({ cell: cellText(cell), side, repetition, figures });
      console.log(`${cellText(cell)} ${side} #${repetition}: ${lineOf(figures)}`);
    }
  }
  // What took so long is not lost with a later repetition.
  await record();
}
const missed = verdictsOf(runs).filter(({ met }) => !met);
console.log(`${file}.md: ${verdictsOf(runs).length - missed.length} of ${verdictsOf(runs).length} goals met`);

/** Which state of the source was measured, as far as Git can tell. */
async function commitOf(): Promise<string> {
  const run = promisify(execFile);
  const { stdout } = await run("git", ["describe", "--always", "--dirty"], { cwd: import.meta.dirname }).catch(() => ({
    stdout: "unknown commit",
  }));
  return stdout.trim();
}

async function record(): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(`${file}.json`, `${JSON.stringify({ date, machine, runs }, undefined, 2)}\n`);
  await writeFile(`${file}.md`, markdown(`${values.name}, ${date}`, machine, runs));
}

function cellsOf(texts: readonly string[]): readonly Cell[] {
  const wanted = goals.flatMap((goal) => (goal.of === "ratio-to-cell" ? [goal.other, goal.cell] : [goal.cell]));
  return [...new Set(texts.length > 0 ? texts : wanted)].map((text) => {
    const cell = parseCell(text);
    if (cell.ok) return cell.value;
    throw new Error(cell.problems.map(problemText).join("; "));
  });
}

/** Where no goal compares, theirs is not measured. */
function sidesOf(cell: Cell): readonly Side[] {
  const about = goals.filter((goal) => goal.cell === cellText(cell));
  return about.length > 0 && about.every(({ of }) => of === "ours") ? sides.slice(0, 1) : sides;
}

function lineOf(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(", ");
}

import { type Goal, goals } from "./goals.ts";
import { type FigureName, type Figures, figureTitles } from "./measure.ts";
import type { PeerCache, Side } from "./servers.ts";

/** One run; `cell` as its text. */
export type Run = {
  readonly cell: string;
  readonly side: Side;
  readonly repetition: number;
  readonly figures: Figures;
};

export type Machine = Readonly<Record<"processor" | "kernel" | "node" | "weir" | "peer", string>> & {
  readonly cores: number;
};

export type Verdict = {
  readonly goal: Goal;
  readonly ours: number;
  readonly theirs: number | undefined;
  readonly measured: number;
  readonly met: boolean;
};

/** The goals for which there are measurements. Theirs is the best of the caches measured, by the figure's median. */
export function verdictsOf(runs: readonly Run[]): readonly Verdict[] {
  return goals.flatMap((goal) => {
    const ours = medianOf(runs, goal.cell, "ours", goal.figure);
    const theirs = goal.of === "ours" ? undefined : comparedWith(runs, goal);
    if (ours === undefined || (goal.of !== "ours" && theirs === undefined)) return [];
    const measured = theirs === undefined ? ours : ours / theirs;
    return [{ goal, ours, theirs, measured, met: measured <= goal.atMost }];
  });
}

function comparedWith(runs: readonly Run[], goal: Exclude<Goal, { of: "ours" }>): number | undefined {
  if (goal.of === "ratio-to-cell") return medianOf(runs, goal.other, "ours", goal.figure);
  return bestOfTheirs(runs, goal.cell, goal.figure)?.value;
}

function bestOfTheirs(
  runs: readonly Run[],
  cell: string,
  figure: FigureName,
): { readonly cache: PeerCache; readonly value: number } | undefined {
  const caches = new Set(runs.flatMap(({ side }) => (side === "ours" || side === "floor" ? [] : [side])));
  const medians = [...caches].flatMap((cache) => {
    const value = medianOf(runs, cell, cache, figure);
    return value === undefined ? [] : [{ cache, value }];
  });
  return medians.toSorted((a, b) => a.value - b.value)[0];
}

function valuesOf(runs: readonly Run[], cell: string, side: Side, figure: FigureName): readonly number[] {
  const values = runs.flatMap((run) => (run.cell === cell && run.side === side ? (run.figures[figure] ?? []) : []));
  return values.toSorted((a, b) => a - b);
}

function medianOf(runs: readonly Run[], cell: string, side: Side, figure: FigureName): number | undefined {
  const values = valuesOf(runs, cell, side, figure);
  const [low, high] = [values[(values.length - 1) >> 1], values[values.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** The page that is kept: the goals, then each cell's medians with the least and the greatest run beside them. */
export function markdown(title: string, machine: Machine, runs: readonly Run[]): string {
  const { processor, cores, kernel, node, weir, peer } = machine;
  const cells = [...new Set(runs.map(({ cell }) => cell))];
  return [
    `# ${title}`,
    "",
    `${cores} cores of ${processor}, Linux ${kernel}. Ours: ${weir} on Node ${node}. Theirs: ${peer}. Server and load client on`,
    "the same machine over loopback, one TCP connection a stream, no TLS. Ours and theirs took turns; every run has a server",
    "of its own, one storm, three changes to warm up and then those that count: 20, or 10 for more than 1,000 streams.",
    "Medians, with the least and the greatest of the runs.",
    "",
    ...goalTable(verdictsOf(runs)),
    ...cells.flatMap((cell) => cellTable(cell, runs)),
  ].join("\n");
}

function goalTable(verdicts: readonly Verdict[]): readonly string[] {
  const rows = verdicts.map(({ goal, ours, theirs, measured, met }) => {
    const what = goal.of === "ours" ? "ours" : goal.of === "ratio" ? "ours/theirs" : `to ${goal.other}`;
    const pair = theirs === undefined ? "" : `${short(ours)} / ${short(theirs)}`;
    const columns = [goal.cell, `${figureTitles[goal.figure]}, ${what}`, short(goal.atMost), short(measured), pair];
    return `| ${[...columns, met ? "yes" : "**no**"].join(" | ")} |`;
  });
  return ["| cell | goal | at most | measured | | met |", "|---|---|---|---|---|---|", ...rows, ""];
}

function cellTable(cell: string, runs: readonly Run[]): readonly string[] {
  const sides = [...new Set(runs.flatMap((run) => (run.cell === cell ? [run.side] : [])))];
  const figures = (Object.keys(figureTitles) as FigureName[]).filter((figure) =>
    sides.some((side) => valuesOf(runs, cell, side, figure).length > 0),
  );
  return [
    `## ${cell}`,
    "",
    `| | ${[...sides, "ours/best of theirs"].join(" | ")} |`,
    `|---|${"---|".repeat(sides.length + 1)}`,
    ...figures.map((figure) => {
      const ours = medianOf(runs, cell, "ours", figure);
      const best = bestOfTheirs(runs, cell, figure)?.value;
      const ratio = ours === undefined || !best ? "" : short(ours / best);
      return `| ${[figureTitles[figure], ...sides.map((side) => spreadText(runs, cell, side, figure)), ratio].join(" | ")} |`;
    }),
    "",
  ];
}

function spreadText(runs: readonly Run[], cell: string, side: Side, figure: FigureName): string {
  const values = valuesOf(runs, cell, side, figure);
  const [median, least, greatest] = [medianOf(runs, cell, side, figure), values[0], values.at(-1)];
  if (median === undefined || least === undefined || greatest === undefined) return "";
  return least === greatest ? short(median) : `${short(median)} (${short(least)}-${short(greatest)})`;
}

/** Three digits are more than such measurements are worth. */
function short(value: number): string {
  return value === 0 ? "0" : Math.abs(value) >= 100 ? value.toFixed(0) : `${Number(value.toPrecision(3))}`;
}

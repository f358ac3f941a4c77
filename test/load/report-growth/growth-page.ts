import { exponentOf } from "./fit.ts";
import type { Growth } from "./store-growth.ts";

const barLength = 40;

/** The page that is kept: for each thing that grows a table with fitted exponents, and a plot in text. */
export function growthPage(machine: string, growths: readonly Growth[]): string {
  return [
    "# How the report service grows",
    "",
    `${machine}. Written by \`npm run load:growth\`. Times are milliseconds of CPU where nothing else is said; each figure is of`,
    "a process of its own. On the embedded store, SQLite, they are medians of 200 calls; on Postgres means of 1,000, of the CPU of that",
    "process and all of Postgres's together, with what those do by themselves meanwhile. Each commit is synced to disk. `size^b`",
    "names the exponent that fits best over all sizes: 0 where size does not matter, 1 where twice the size takes twice as much.",
    "Of a process's memory, `held` is what was left of its heap after a collection; the rest is code, and what V8 keeps in hand for what",
    "is born (8 MB as servers are started, and 3 x 32 MB without `--max-semi-space-size`), which it takes as it has work to do and keeps.",
    "",
    ...growths.flatMap(growthText),
  ].join("\n");
}

function growthText({ of, rows }: Growth): readonly string[] {
  const names = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const series = names.map((name) => ({
    name,
    points: rows.flatMap(({ size, figures }) => (figures[name] === undefined ? [] : [{ size, value: figures[name] }])),
  }));
  return [
    `## ${of.charAt(0).toUpperCase()}${of.slice(1)}`,
    "",
    `| | ${rows.map(({ size }) => size.toLocaleString("en")).join(" | ")} | b of size^b |`,
    `|---|${"---|".repeat(rows.length + 1)}`,
    ...series.map(({ name, points }) => {
      const exponent = exponentOf(points)?.toFixed(2) ?? "";
      return `| ${name} | ${points.map(({ value }) => short(value)).join(" | ")} | ${exponent} |`;
    }),
    "",
    "```text",
    ...series.flatMap(plot),
    "```",
    "",
  ];
}

/** Bars on a logarithmic scale: ten times as much is always the same length more. */
function plot({
  name,
  points,
}: {
  readonly name: string;
  readonly points: readonly { size: number; value: number }[];
}) {
  const least = Math.min(...points.map(({ value }) => value).filter((value) => value > 0));
  const decades = 4;
  const bar = (value: number) => {
    const above = value > 0 ? Math.log10(value / least) : 0;
    return "#".repeat(1 + Math.round((Math.min(decades, above) / decades) * (barLength - 1)));
  };
  return [
    name,
    ...points.map(({ size, value }) => `${size.toLocaleString("en").padStart(11)} ${bar(value)} ${short(value)}`),
  ];
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}

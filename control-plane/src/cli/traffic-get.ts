import type { Command } from "commander";
import { ageText } from "../lib/age.ts";
import type { Observed, Traffic, TrafficRow } from "./api-types.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { percentText } from "./endpoints.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";
import { watching, watchOption } from "./watching.ts";

/** `weir traffic get [SERVICE]`. */
export const addTrafficGet: AddCommand = (command, cli) => {
  command
    .argument("[service]", "only this one")
    .addOption(watchOption())
    .action((service: string | undefined, { watch }: { readonly watch?: boolean }) =>
      watch
        ? watching(cli, command, ["traffic"], (watched) => showTraffic(watched, command, service))
        : showTraffic(cli, command, service),
    );
};

async function showTraffic(cli: Cli, command: Command, service: string | undefined): Promise<void> {
  const query = service === undefined ? "" : `?${new URLSearchParams({ service })}`;
  const { body } = await cli.api(command).get<Traffic>(`/v1/traffic${query}`);
  await print(cli, command, {
    value: body,
    table: () => ({ columns, rows: body.rows.flatMap(linesOf) }),
    names: () => [...new Set(body.rows.map((each) => each.service))],
    notes: () => [
      reportsText(body.reports),
      ...body.rows.flatMap(driftTexts),
      ...body.overrides.map(overrideText),
      ...body.held.map(heldText),
    ],
  });
}

const right = "right" as const;
const columns = [
  "SERVICE",
  "FROM",
  "TO",
  { name: "PRIO", align: right },
  { name: "WEIGHT", align: right },
  { name: "OBSERVED", align: right },
  { name: "RPS", align: right },
  { name: "ERR%", align: right },
  { name: "ENDPOINTS", align: right },
];

/** What is nearest differs from caller to caller: there is one line for each region that it came to. */
function linesOf(row: TrafficRow): readonly (readonly Cell[])[] {
  const { regions = [], observed } = row;
  if (regions.length === 0) return [lineOf(row, row.to, observed)];
  return regions.map(({ region, observed }) => lineOf(row, region || "-", observed));
}

function lineOf(
  { service, from, use, priority, weightPercent, endpoints, driftPoints }: TrafficRow,
  to: string,
  observed: Observed | undefined,
): readonly Cell[] {
  const callers = from === "*" || from.includes("/") ? from : `${from}/*`;
  const weight = weightPercent === undefined ? use : `${percentText(weightPercent)} %`;
  const there = `${endpoints.serving}/${endpoints.total}`;
  const isBad = endpoints.serving === 0 && weightPercent !== 0;
  return [
    ...[service, callers, to],
    use === "nearest" ? "near" : use === "unplanned" ? "-" : String(priority),
    use === "unplanned" ? { text: use, style: "yellow" } : weight,
    ...observedCells(observed, driftPoints),
    isBad ? { text: there, style: "red" } : there,
  ];
}

function observedCells(observed: Observed | undefined, driftPoints: number | undefined): readonly Cell[] {
  if (observed === undefined) return ["-", "-", "-"];
  const { percent, rps, errorPercent } = observed;
  const errors = errorPercent?.toFixed(2) ?? "-";
  const share = percent === undefined ? "-" : `${percent.toFixed(1)} %`;
  return [
    driftPoints === undefined ? share : { text: share, style: "yellow" },
    rps >= 10 ? rps.toFixed(0) : percentText(rps),
    errorPercent !== undefined && errorPercent >= 1 ? { text: errors, style: "red" } : errors,
  ];
}

/** What the alert WeightDrift is about, once it has lasted for five minutes. */
export function driftTexts({ service, from, to, driftPoints }: TrafficRow): readonly string[] {
  if (driftPoints === undefined) return [];
  const points = `${percentText(Math.abs(driftPoints))} points ${driftPoints > 0 ? "more" : "less"}`;
  return [`! ${service}: ${to} gets ${points} than configured from callers in ${from}`];
}

function reportsText({ clients, of, windowSeconds }: Traffic["reports"]): string {
  if (clients === 0) return `observed: no load reports (0 of ${of} clients)`;
  return `observed: load reports of ${clients} of ${of} clients, last ${windowSeconds} s`;
}

function overrideText({
  service,
  locality,
  weight,
  by,
  reason,
  expiresInSeconds,
  isolates,
}: Traffic["overrides"][number]): string {
  const what = isolates ? "is isolated" : `has ${weight} % of its weight`;
  return `! ${service}: ${locality} ${what} for another ${remainingText(expiresInSeconds)} (${by}: ${reason})`;
}

function heldText({ service, locality, percent, clients }: Traffic["held"][number]): string {
  const whose = clients === "all" ? "" : " by gRPC clients";
  return `! ${service}: ${locality} came back and is used${whose} as if ${percentText(percent)} % of it were healthy`;
}

/** What is left of two hours a moment after they began is two hours, not one. */
function remainingText(seconds: number): string {
  return ageText(seconds < 90 ? seconds * 1000 : Math.round(seconds / 60) * 60_000);
}

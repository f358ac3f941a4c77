import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { ageText } from "../lib/age.ts";
import type { Api } from "./api.ts";
import type { Operation } from "./api-types.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { confirmed } from "./confirmed.ts";
import { fleetLines } from "./plan-lines.ts";
import type { Planned } from "./planned.ts";
import { parseShares } from "./shares.ts";
import { sharesOfRule, shiftSteps } from "./shift-steps.ts";
import type { SplitDocument } from "./split-edit.ts";
import { printable } from "./table.ts";
import { dryRunOption, ifMatchOption, reasonOption, type WriteFlags, writeOptions } from "./write-options.ts";

type ShiftFlags = WriteFlags & {
  readonly from: string;
  readonly step: string;
  readonly pause: string;
  readonly guard: boolean;
  readonly maxErrorRate?: string;
  readonly maxErrorIncrease?: string;
  readonly maxErrorRatio?: string;
  readonly interval: string;
  readonly failureLimit: string;
  readonly minRequests: string;
  readonly onFailure: string;
  readonly yes?: boolean;
  readonly wait?: boolean;
};

/** `weir traffic shift`. */
export const addTrafficShift: AddCommand = (command, cli) => {
  command
    .argument("<service>")
    .argument("<share...>", "where to, percent by locality, like dc-a=60 dc-b=40; together 100")
    .option("--from <pattern>", "which callers: the rule for dc-a/*, dc-a/z1, or *", "*")
    .option("--step <points>", "how much of the share of a place may move at once, in points", "10")
    .option("--pause <duration>", "how long to stay at each step; untilResumed: until traffic resume", "1m")
    .option("--no-guard", "take nothing back")
    .option(
      "--max-error-rate <percent>",
      "of the places that gain; more is a failure (default: 1%, without the next two)",
    )
    .option("--max-error-increase <points>", "so much more than in the 5 minutes before, like 1%, is a failure")
    .option("--max-error-ratio <times>", "more than so many times that of the 5 minutes before is a failure")
    .option("--interval <duration>", "how often the guard looks", "15s")
    .option("--failure-limit <count>", "so many intervals in a row, and the shift has failed", "2")
    .option("--min-requests <count>", "a place with fewer in the window says nothing", "20")
    .option("--on-failure <what>", "rollback or pause", "rollback")
    .option("-y, --yes", "do not ask")
    .option("--wait", "until it has ended; exits with 1 when it was rolled back or aborted")
    .addOption(reasonOption())
    .addOption(dryRunOption())
    .addOption(ifMatchOption())
    .addHelpText("after", "\nExample:\n  weir traffic shift report dc-a=60 dc-b=40 --step 10 --pause 1m --yes --wait")
    .action(async (service: string, words: readonly string[], flags: ShiftFlags) => {
      const api = cli.api(command);
      const split = await splitOf(api, service);
      const body = requestOf(split, parseShares(words), flags);
      const url = `/v1/trafficSplits/${encodeURIComponent(split.metadata.name)}:shift`;
      const { headers = {}, query = {} } = writeOptions(flags);
      const asked = await api.post<Shown>(url, body, { headers, query: { ...query, validateOnly: "true" } });
      const isTable = cli.format(command) === "table";
      if (isTable) cli.io.stdout.write(planText(asked.body));
      if (flags.dryRun) {
        if (isTable) cli.io.stdout.write("dry run: nothing was begun\n");
        else await show(cli, command, asked.body);
        return;
      }
      if (!flags.yes && !(await confirmed(cli, "Begin?"))) {
        cli.io.stderr.write("nothing was begun; --yes does not ask\n");
        cli.exit(1);
        return;
      }
      const begun = await api.post<Operation>(url, body, { headers, query });
      if (isTable) cli.io.stdout.write(`${begun.body.name} has begun (revision ${begun.revision ?? "?"})\n`);
      const last = flags.wait ? await follow(cli, api, begun.body, isTable) : begun.body;
      if (!isTable) await show(cli, command, last);
      if (last.state === "rolledBack" || last.state === "aborted") cli.exit(1);
    });
};

/** `step 1/2  70/30`: a line when something of it has changed, until it has ended. */
async function follow(cli: Cli, api: Api, first: Operation, isTold: boolean): Promise<Operation> {
  let operation = first;
  let told = "";
  for (;;) {
    const line = progressText(operation);
    if (isTold && line !== told) cli.io.stdout.write(`${printable(line)}\n`);
    told = line;
    if (operation.ended) return operation;
    await delay(500, undefined, { signal: cli.io.signal });
    operation = (await api.get<Operation>(`/v1/operations/${first.name}`)).body;
  }
}

function progressText({ name, step, steps, shares, state, failures, ended }: Operation): string {
  const failed = failures.length > 0 ? `  ${failures.length} bad intervals` : "";
  const why = ended?.reason ? `: ${ended.reason}` : "";
  return `${name}  step ${step}/${steps}  ${sharesLine(shares)}  ${state}${failed}${why}`;
}

export function sharesLine(shares: Readonly<Record<string, number>>): string {
  return Object.entries(shares)
    .map(([place, percent]) => `${place}=${Number(percent.toFixed(2))}`)
    .join(" ");
}

type Shown = Operation & { readonly fleet?: Planned };

function planText({ split, from, base, target, plan, guard, onFailure, fleet }: Shown): string {
  const pauses = plan.flatMap(({ pause }) => pause ?? []);
  const steps = plan.flatMap(({ setWeight }) => (setWeight === undefined ? [] : [`${Number(setWeight.toFixed(1))} %`]));
  const metrics = (guard?.metrics ?? []).map(({ name, max = Number.NaN, before }) => {
    const text = (value: number) => (name === "error-rate" ? `${Number((value * 100).toFixed(3))} %` : `${value}`);
    return `${name} > ${text(max)}${before === undefined ? "" : ` (${text(before)} before)`}`;
  });
  const lines = [
    `trafficSplits/${split}  callers from ${from}`,
    `  ${sharesLine(base)} -> ${sharesLine(target)}`,
    `  in ${steps.length} steps (${steps.join(", ")} of the way)${pauses.length > 0 ? `, ${pauses[0]} each` : ""}`,
    guard
      ? `  ${onFailure === "rollback" ? "rolled back" : "paused"} if ${metrics.join(" or ")} ${guard.failureLimit} times in a row, every ${guard.interval}`
      : "  without a guard: nothing takes it back but traffic abort",
  ];
  const all = fleet ? [...lines, ...fleetLines(fleet, { most: 10, traffic: true })] : lines;
  return `${all.map(printable).join("\n")}\n`;
}

async function show(cli: Cli, command: Command, operation: Operation): Promise<void> {
  const { print } = await import("./print.ts");
  await print(cli, command, { value: operation, names: () => [operation.name] });
}

async function splitOf(api: Api, service: string): Promise<SplitDocument> {
  const { body } = await api.get<{ readonly trafficSplits: readonly SplitDocument[] }>("/v1/trafficSplits");
  const found = body.trafficSplits.find(({ spec }) => spec.service === service);
  if (found) return found;
  throw new CliError(
    `${service} has no TrafficSplit, so no shares to begin from: weir traffic set ${service} dc-a=100`,
  );
}

function requestOf(split: SplitDocument, target: Readonly<Record<string, number>>, flags: ShiftFlags): object {
  const base = sharesOfRule(split, flags.from);
  const points = Number(flags.step.replace(/%$/, ""));
  if (!(points > 0 && points <= 100)) throw new CliError(`--step "${flags.step}": expected points from 1 to 100`);
  const guard = {
    interval: flags.interval,
    failureLimit: Number(flags.failureLimit),
    minRequests: Number(flags.minRequests),
    metrics: [{ name: "error-rate", source: "load-report", ...limitsOf(flags) }],
  };
  return {
    ...{ from: flags.from, target },
    steps: shiftSteps(base, target, { points, pause: flags.pause, watched: flags.guard }),
    ...(flags.guard && { guard }),
    onFailure: flags.onFailure,
  };
}

function limitsOf({ maxErrorRate, maxErrorIncrease, maxErrorRatio }: ShiftFlags): object {
  const isRelative = maxErrorIncrease !== undefined || maxErrorRatio !== undefined;
  const max = maxErrorRate ?? (isRelative ? undefined : "1%");
  const ratio = maxErrorRatio === undefined ? undefined : Number(maxErrorRatio);
  if (ratio !== undefined && !(ratio >= 1))
    throw new CliError(`--max-error-ratio "${maxErrorRatio}": expected a number from 1, like 2`);
  return {
    ...(max !== undefined && { max: percentOf("--max-error-rate", max) }),
    ...(maxErrorIncrease !== undefined && { maxIncrease: percentOf("--max-error-increase", maxErrorIncrease) }),
    ...(ratio !== undefined && { maxRatio: ratio }),
  };
}

/** 0 to 1. */
function percentOf(flag: string, text: string): number {
  const [, digits] = /^(\d+(?:\.\d+)?)%?$/.exec(text) ?? [];
  if (digits === undefined) throw new CliError(`${flag} "${text}": expected percent, like 1%`);
  return Number(digits) / 100;
}

export function untilText({ nextStepTime, state, ended }: Operation, now: number): string {
  if (ended) return `${ageText(now - Date.parse(ended.time))} ago`;
  if (nextStepTime === undefined) return state === "running" ? "now" : "when resumed";
  return `in ${ageText(Date.parse(nextStepTime) - now)}`;
}

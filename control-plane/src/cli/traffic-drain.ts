import type { Command } from "commander";
import type { Api } from "./api.ts";
import { settled } from "./change-split.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { confirmed } from "./confirmed.ts";
import { fleetLines } from "./plan-lines.ts";
import type { Planned } from "./planned.ts";
import { printable, tableText } from "./table.ts";
import type { DrainRow } from "./traffic-drains.ts";
import { dryRunOption, ifMatchOption, type WriteFlags, writeOptions } from "./write-options.ts";

type WaitFlags = WriteFlags & { readonly wait?: string | true; readonly service?: readonly string[] };
type DrainFlags = WaitFlags & { readonly for: string; readonly force?: boolean; readonly yes?: boolean };

type Place = {
  readonly place: string;
  readonly percentBefore: number;
  readonly percentAfter: number;
  readonly rpsAfter?: number;
  readonly serving: number;
  readonly capacityRps?: number;
};

type Drained = {
  readonly revision: number;
  readonly drain: DrainRow;
  readonly headroom: {
    readonly services: readonly { readonly service: string; readonly places: readonly Place[] }[];
    readonly missing: readonly string[];
    readonly warnings: readonly string[];
  };
  readonly fleet?: Planned;
};

type Ended = { readonly revision: number; readonly ended: readonly DrainRow[] };

/** `weir traffic drain`. */
export const addTrafficDrain: AddCommand = (command, cli) => addBeginning(command, cli, "drain");

/** `weir traffic isolate`. */
export const addTrafficIsolate: AddCommand = (command, cli) => addBeginning(command, cli, "isolate");

function addBeginning(command: Command, cli: Cli, verb: "drain" | "isolate"): void {
  shared(command)
    .requiredOption("--for <duration>", "when it ends by itself: 30m, 2h, 1d12h; at most 14 days")
    .requiredOption("--reason <text>", "why, for those who find it")
    .option("--force", "even where what is left is too little")
    .option("-y, --yes", "do not ask")
    .addHelpText(
      "after",
      `\nExample:\n  weir traffic ${verb} dc-a --for 2h --reason 'CHG-4711 switch swap' --yes --wait`,
    )
    .action(async (place: string, flags: DrainFlags) => {
      const api = cli.api(command);
      const url = urlOf(place, verb);
      const body = { duration: flags.for, reason: flags.reason, force: flags.force === true, ...servicesOf(flags) };
      const { headers = {} } = writeOptions(flags);
      const asked = await api.post<Drained>(url, body, { headers, query: { validateOnly: "true" } });
      const isTable = cli.format(command) === "table";
      if (isTable) cli.io.stdout.write(planText(verb, place, flags, asked.body));
      if (flags.dryRun) return show(cli, command, asked.body, "dry run: nothing was changed");
      if (
        !flags.yes &&
        !(await confirmed(cli, `${verb === "drain" ? "Drain" : "Isolate"} ${place} for ${flags.for}?`))
      ) {
        cli.io.stderr.write("nothing was changed; --yes does not ask\n");
        cli.exit(1);
        return;
      }
      const done = await api.post<Drained>(url, body, { headers });
      const { drain, revision } = done.body;
      const until = `drains/${drain.name} until ${drain.expireTime.replace(/\.\d+Z$/, "Z")} (revision ${revision})`;
      await show(cli, command, done.body, until);
      await waitFor(cli, api, revision, flags);
    });
}

/** `weir traffic undrain`. */
export const addTrafficUndrain: AddCommand = (command, cli) => {
  shared(command)
    .option("--reason <text>", "why, for the history")
    .action(async (place: string, flags: WaitFlags) => {
      const api = cli.api(command);
      const { headers = {}, query = {} } = writeOptions(flags);
      const answer = await api.post<Ended>(urlOf(place, "undrain"), servicesOf(flags), { headers, query });
      const { ended, revision } = answer.body;
      const what = ended.map(({ name, mode, by, reason }) => `drains/${name} ended (${mode} by ${by}: ${reason})`);
      await show(
        cli,
        command,
        answer.body,
        [...what, flags.dryRun ? "dry run: nothing was changed" : `revision ${revision}`].join("\n"),
      );
      if (!flags.dryRun) await waitFor(cli, api, revision, flags);
    });
};

function shared(command: Command): Command {
  return command
    .argument("<place>", "a data center or a zone: dc-a, dc-a/z1")
    .option("--service <name...>", "only requests to these (default: to all services)")
    .addOption(dryRunOption())
    .addOption(ifMatchOption())
    .option("--wait [duration]", "until every client has it, at most 10s unless told");
}

function urlOf(place: string, verb: string): string {
  return `/v1/localities/${encodeURIComponent(place)}:${verb}`;
}

function servicesOf({ service }: WaitFlags): { readonly services?: readonly string[] } {
  return service === undefined ? {} : { services: service.flatMap((each) => each.split(",")) };
}

const right = "right" as const;
const columns = [
  "SERVICE",
  "PLACE",
  { name: "NOW", align: right },
  { name: "THEN", align: right },
  { name: "RPS", align: right },
  { name: "BEARS", align: right },
  { name: "SERVING", align: right },
];

function planText(verb: string, place: string, flags: DrainFlags, { headroom, fleet }: Drained): string {
  const { services, missing, warnings } = headroom;
  const rows = services.flatMap(({ service, places }) =>
    places.map((each) => [
      service,
      each.place,
      `${each.percentBefore} %`,
      `${each.percentAfter} %`,
      each.rpsAfter?.toString() ?? "-",
      each.capacityRps?.toString() ?? "-",
      String(each.serving),
    ]),
  );
  const lines = [
    ...missing.map((each) => `! ${each} (forced)`),
    ...warnings.map((each) => `! ${each}`),
    // Its traffic is the table above, for each place and against what that bears.
    ...(fleet ? fleetLines(fleet, { most: 10, traffic: false }) : []),
  ].map((line) => `${printable(line)}\n`);
  const whose = flags.service === undefined ? "all services" : flags.service.join(", ");
  const head = `${verb} ${place} for ${flags.for}, ${whose}: ${flags.reason ?? ""}`;
  return `${printable(head)}\n${rows.length > 0 ? tableText({ columns, rows }, { color: false }) : ""}${lines.join("")}`;
}

/** The whole answer for programs, a line for people. */
async function show(cli: Cli, command: Command, value: Drained | Ended, says: string): Promise<void> {
  if (cli.format(command) === "table") {
    cli.io.stdout.write(`${says.split("\n").map(printable).join("\n")}\n`);
    return;
  }
  const { print } = await import("./print.ts");
  const rows = "drain" in value ? [value.drain] : value.ended;
  await print(cli, command, { value, names: () => rows.map(({ name }) => `drains/${name}`) });
}

async function waitFor(cli: Cli, api: Api, revision: number, { wait }: WaitFlags): Promise<void> {
  if (wait === undefined) return;
  const asked = performance.now();
  const known = await settled(api, revision, wait === true ? "10s" : wait);
  const took = ((performance.now() - asked) / 1000).toFixed(2);
  cli.io.stderr.write(`${known.acked} of ${known.of} clients have it, after ${took} s\n`);
  if (known.acked === known.of) return;
  cli.io.stderr.write("the others: weir proxy status\n");
  cli.exit(1);
}

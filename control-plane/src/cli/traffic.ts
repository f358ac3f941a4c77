import type { Command } from "commander";
import { changeSplit, settled } from "./change-split.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { parseShares, placesOf } from "./shares.ts";
import { type Edited, type SplitDocument, withOverride, withoutOverride, withShares } from "./split-edit.ts";
import { addTrafficDrain, addTrafficIsolate, addTrafficUndrain } from "./traffic-drain.ts";
import { addTrafficDrains } from "./traffic-drains.ts";
import { addTrafficGet } from "./traffic-get.ts";
import { addTrafficShift } from "./traffic-shift.ts";
import { addSteering, addTrafficShifts, addTrafficWait } from "./traffic-shifts.ts";
import { dryRunOption, reasonOption, type WriteFlags } from "./write-options.ts";

/** `weir traffic get|set|override|restore|drain|isolate|undrain|drains|shift|shifts|pause|resume|promote|abort|wait`. */
export const addTraffic: AddCommand = (traffic, cli) => {
  addTrafficGet(traffic.command("get").description("what is configured: weights, standbys, overrides"), cli);

  addTrafficShift(traffic.command("shift").description("move shares step by step, with a guard"), cli);
  addTrafficShifts(traffic.command("shifts").description("shifts that run, and the last that ran"), cli);
  addSteering(traffic, cli);
  addTrafficWait(traffic.command("wait").description("until a shift has ended"), cli);

  addTrafficDrain(traffic.command("drain").description("send nobody to a data center or zone for a while"), cli);
  addTrafficIsolate(
    traffic.command("isolate").description("keep its callers inside and all others out for a while"),
    cli,
  );
  addTrafficUndrain(traffic.command("undrain").description("end what is drained or isolated there, now"), cli);
  addTrafficDrains(traffic.command("drains").description("what is drained or isolated, and for how much longer"), cli);

  const set = traffic
    .command("set")
    .description("give callers these shares; other rules stay as they are")
    .argument("<service>")
    .argument("<share...>", "percent by locality, like dc-a=60 dc-b=40; together 100")
    .option("--from <pattern>", "which callers: dc-a/*, dc-a/z1, or * for all that no other rule names", "*")
    .option(
      "--failover <localities>",
      "where to go, in this order, when those are not healthy: dc-c,dc-d; or nearest (default: as before)",
    )
    .option("--no-failover", "nowhere else")
    .addHelpText(
      "after",
      "\nExample:\n  weir traffic set report dc-a=60 dc-b=40 --from 'dc-a/*' --reason 'CHG-4711' --wait",
    );
  writeFlags(set).action((service: string, shares: readonly string[], flags: SetFlags) => {
    const to = parseShares(shares);
    const failover = failoverOf(flags.failover);
    return change(cli, set, { service, what: `callers from ${flags.from}`, flags }, (before) =>
      withShares(before, { from: flags.from, to, failover }),
    );
  });

  const override = traffic
    .command("override")
    .description("an exception for a while: this locality gets only so much of its weight")
    .argument("<service>")
    .argument("<locality>", "like dc-a or dc-a/z1")
    .argument("<percent>", "of the weight it would have; 0 takes it out")
    .requiredOption("--for <duration>", "when it ends by itself: 30m, 2h; at most 14 days");
  writeFlags(override).action((service: string, locality: string, percent: string, flags: OverrideFlags) => {
    if (!flags.reason)
      throw new CliError("an override needs a reason, for those who find it: --reason 'CHG-4711 switch swap'");
    const { reason } = flags;
    const now = new Date();
    const expireTime = new Date(now.getTime() + spanMs(flags.for)).toISOString().replace(/\.\d+Z$/, "Z");
    const weight = Number(percent.replace(/%$/, ""));
    return change(cli, override, { service, what: "override", flags }, (before) =>
      withOverride(before, { locality, weight, reason, by: cli.io.actor, expireTime }, now),
    );
  });

  const restore = traffic
    .command("restore")
    .description("end the overrides of a service, or the one of a locality")
    .argument("<service>")
    .argument("[locality]");
  writeFlags(restore).action((service: string, locality: string | undefined, flags: ChangeFlags) =>
    change(cli, restore, { service, what: "overrides", flags }, (before) => withoutOverride(before, locality)),
  );
};

function failoverOf(said: string | false | undefined) {
  if (said === undefined || said === "nearest") return said;
  return said === false ? [] : placesOf(said);
}

type ChangeFlags = WriteFlags & { readonly wait?: string | true };
type SetFlags = ChangeFlags & { readonly from: string; readonly failover?: string | false };
type OverrideFlags = ChangeFlags & { readonly for: string };

function writeFlags(command: Command): Command {
  return command
    .addOption(reasonOption())
    .addOption(dryRunOption())
    .option("--wait [duration]", "until every client has it, at most 10s unless told");
}

async function change(
  cli: Cli,
  command: Command,
  { service, what, flags }: { readonly service: string; readonly what: string; readonly flags: ChangeFlags },
  edit: (before: SplitDocument) => Edited,
): Promise<void> {
  const api = cli.api(command);
  const asked = performance.now();
  const result = await changeSplit(api, service, edit, flags);
  const waiting = flags.wait !== undefined && result.outcome !== "dry-run";
  const known = waiting
    ? await settled(api, result.revision, flags.wait === true || !flags.wait ? "10s" : flags.wait)
    : undefined;
  const tookMs = performance.now() - asked;
  if (known && known.acked < known.of) cli.exit(1);
  const { stdout } = cli.io;
  if (cli.format(command) !== "table") {
    const { print } = await import("./print.ts");
    const { document, outcome, revision, resource } = result;
    const value = { resource, outcome, revision, document, ...(known && { clients: { ...known, tookMs } }) };
    await print(cli, command, { value, names: () => [resource] });
    return;
  }
  const lines = result.lines.map((line) => `  ${line}\n`).join("");
  const outcome = {
    changed: `revision ${result.revision}`,
    unchanged: `nothing to change (revision ${result.revision})`,
    "dry-run": "dry run: nothing was changed",
  }[result.outcome];
  stdout.write(`${result.resource}  ${what}\n${lines}${outcome}\n`);
  if (known) stdout.write(`${known.acked} of ${known.of} clients have it, after ${(tookMs / 1000).toFixed(2)} s\n`);
  if (known && known.acked < known.of) cli.io.stderr.write("the others: weir proxy status\n");
}

function spanMs(text: string): number {
  const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const [, count, unit = ""] = /^(\d{1,6})(s|m|h|d)$/.exec(text) ?? [];
  if (count === undefined) throw new CliError(`--for "${text}": expected a duration such as 30m, 2h or 1d`);
  return Number(count) * (units[unit] ?? 0);
}

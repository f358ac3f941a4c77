import type { Command } from "commander";
import { ageText } from "../lib/age.ts";
import type { Api } from "./api.ts";
import type { Operation } from "./api-types.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";
import { sharesLine, untilText } from "./traffic-shift.ts";
import { dryRunOption, ifMatchOption, reasonOption, type WriteFlags, writeOptions } from "./write-options.ts";

/** `weir traffic shifts`. */
export const addTrafficShifts: AddCommand = (command, cli) => {
  command.argument("[service]", "only of this one").action(async (service: string | undefined) => {
    const body = await operations(cli.api(command), service);
    await print(cli, command, {
      value: body,
      table: () => ({ columns, rows: body.operations.map(row) }),
      names: () => body.operations.map(({ name }) => name),
      notes: () => body.operations.flatMap(noteOf),
    });
  });
};

/** `weir traffic pause|resume|promote|abort`. */
export function addSteering(traffic: Command, cli: Cli): void {
  steering(traffic, cli, "pause", "hold a shift where it is");
  steering(traffic, cli, "resume", "let a shift go on that is paused, or waits");
  steering(traffic, cli, "promote", "let a shift take its next step now").option("--full", "at once to its target");
  steering(traffic, cli, "abort", "end a shift with the shares that it began from");
}

/** `weir traffic wait`; exits with 1 when it has not ended by then, or was taken back. */
export const addTrafficWait: AddCommand = (command, cli) => {
  command
    .argument("<shift>", "its name, or its service")
    .option("--timeout <duration>", "at most so long", "5m")
    .action(async (said: string, { timeout }: { readonly timeout: string }) => {
      const api = cli.api(command);
      const name = await nameOf(api, said);
      const query = { timeout };
      const url = `/v1/operations/${encodeURIComponent(name)}:wait`;
      const { body } = await api.post<Operation>(url, undefined, { query });
      await print(cli, command, {
        value: body,
        names: () => [body.name],
        notes: () => [
          `${body.name}  step ${body.step}/${body.steps}  ${sharesLine(body.shares)}  ${body.state}`,
          ...noteOf(body),
        ],
      });
      if (body.state !== "succeeded") cli.exit(1);
    });
};

function steering(traffic: Command, cli: Cli, verb: string, says: string): Command {
  const command = traffic
    .command(verb)
    .description(says)
    .argument("<shift>", "its name, or its service")
    .addOption(reasonOption())
    .addOption(dryRunOption())
    .addOption(ifMatchOption());
  return command.action(async (said: string, flags: WriteFlags & { readonly full?: boolean }) => {
    const api = cli.api(command);
    const name = await nameOf(api, said);
    const { headers = {}, query } = writeOptions(flags);
    const { body, revision } = await api.post<Operation>(
      `/v1/operations/${encodeURIComponent(name)}:${verb}`,
      undefined,
      {
        headers,
        query: { ...query, full: flags.full ? "true" : undefined },
      },
    );
    await print(cli, command, {
      value: body,
      names: () => [body.name],
      notes: () => [
        `${body.name}  step ${body.step}/${body.steps}  ${sharesLine(body.shares)}  ${body.state}`,
        flags.dryRun ? "dry run: nothing was changed" : `revision ${revision ?? "?"}`,
      ],
    });
  });
}

async function nameOf(api: Api, said: string): Promise<string> {
  const all = (await operations(api, undefined)).operations;
  const one = all.find(({ name }) => name === said);
  if (one) return one.name;
  const running = all.find(({ service, ended }) => service === said && !ended);
  if (running) return running.name;
  const others = all.filter(({ ended }) => !ended).map(({ name, service }) => `${name} of ${service}`);
  throw new CliError(
    `no shift runs that is called ${said}, or of a service ${said} (${others.join(", ") || "none runs"})`,
  );
}

async function operations(api: Api, service: string | undefined) {
  const query = service === undefined ? "" : `?${new URLSearchParams({ service })}`;
  return (await api.get<{ readonly operations: readonly Operation[] }>(`/v1/operations${query}`)).body;
}

const columns = ["NAME", "SERVICE", "FROM", "STATE", "STEP", "NOW", "TARGET", "NEXT", "AGE", "BY"];

function row(operation: Operation): readonly Cell[] {
  const { name, service, from, state, step, steps, shares, target, startTime, by } = operation;
  const now = Date.now();
  const style = { rolledBack: "red", aborted: "yellow", paused: "yellow", waiting: "yellow" } as const;
  return [
    ...[name, service, from],
    state in style ? { text: state, style: style[state as keyof typeof style] } : state,
    ...[`${step}/${steps}`, sharesLine(shares), sharesLine(target), untilText(operation, now)],
    ...[ageText(now - Date.parse(startTime)), by],
  ];
}

function noteOf({ name, ended, paused, failures }: Operation): readonly string[] {
  const why = (ended ?? paused)?.reason;
  if (why) return [`${name}: ${why}`];
  return failures.slice(-1).map(({ says }) => `! ${name}: ${says}`);
}

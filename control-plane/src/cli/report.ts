import { createRegistry, toJson } from "@bufbuild/protobuf";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@weir/proto/google/rpc/error_details_pb.ts";
import {
  QueueSchema,
  type Report,
  ReportKindSchema,
  ReportSchema,
  Report_State as State,
} from "@weir/proto/report/v1/report_pb.ts";
import { hasEnded, reportNameOf } from "@weir/report-service/src/client.ts";
import type { Command } from "commander";
import type { AddCommand, Cli } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { confirmed } from "./confirmed.ts";
import { print } from "./print.ts";
import { fetchToFile, fetchToOutput } from "./report/fetch-report.ts";
import { formatOf, type OrderFlags, orderOf } from "./report/order-of.ts";
import { circuitLines, queueColumns, queueRow } from "./report/queue-row.ts";
import { msOf, progressText, reportColumns, reportRow, stateCell } from "./report/report-row.ts";
import { addTarget, type ReportService, withReports } from "./report/report-service.ts";
import { findRetryable, retryAll } from "./report/retry-all.ts";
import { printable } from "./table.ts";
import { dryRunOption } from "./write-options.ts";

/** `weir report kinds|create|list|get|watch|fetch|cancel|retry|queues|delete`. */
export const addReport: AddCommand = (command, cli) => {
  const kinds = verb(command, "kinds", "what can be ordered").action(() =>
    withReports(kinds, cli, async ({ client }) => {
      const { value } = await client.listReportKinds();
      await print(cli, kinds, {
        value: { kinds: value.kinds.map((kind) => toJson(ReportKindSchema, kind)) },
        table: () => ({
          columns: ["KIND", "CLUSTER", "PARAMETERS", "TITLE"],
          rows: value.kinds.map(({ name, workerCluster, parametersSchema, title }) => [
            name.replace(/^reportKinds\//, ""),
            workerCluster,
            Object.keys((parametersSchema?.["properties"] as object | undefined) ?? {}).join(" ") || "-",
            title,
          ]),
        }),
        names: () => value.kinds.map(({ name }) => name),
      });
    }),
  );

  const createReport = verb(command, "create", "order a report")
    .argument("<kind>", "like orders-by-region")
    .option("-p, --param <name=value...>", "a parameter; numbers, true, false, lists and objects as JSON")
    .option("--parameters <file>", "all of them, a JSON object")
    .option("--format <format...>", "csv, json, ndjson, parquet, pdf or xlsx; those of its kind where not given")
    .option("--priority <priority>", "interactive, standard or bulk")
    .option("--request-id <id>", "ordering again with it gives the same report; made up where not given")
    .option("--wait", "until it has ended")
    .addOption(dryRunOption())
    .action(async (kind: string, flags: CreateFlags) => {
      const report = await orderOf(kind, flags);
      await withReports(createReport, cli, async (service) => {
        if (flags.dryRun) {
          await service.client.createReport({ parent: service.tenant, report, validateOnly: true });
          cli.io.stdout.write("it would be ordered; dry run: nothing was changed\n");
          return;
        }
        const requestId = flags.requestId ?? crypto.randomUUID();
        const { value } = await service.client.createReport({ parent: service.tenant, report, requestId });
        await told(cli, createReport, service, reportNameOf(value), flags.wait === true);
      });
    });

  const list = verb(command, "list", "reports, newest first")
    .option("--filter <filter>", "like 'state = FAILED AND kind = \"reportKinds/wide\"'")
    .option("--limit <number>", "at most so many", "20")
    .action((flags: { readonly filter?: string; readonly limit: string }) =>
      withReports(list, cli, async ({ client, tenant }) => {
        const limit = limitOf(flags.limit);
        const found: Report[] = [];
        const request = { parent: tenant, filter: flags.filter ?? "", pageSize: limit + 1 };
        // One more than is shown tells that there is.
        for await (const report of client.eachReport(request)) if (found.push(report) > limit) break;
        const more = found.length > limit ? ["there are more: --limit"] : [];
        await printReports(cli, list, found.slice(0, limit), more);
      }),
    );

  const get = verb(command, "get", "one report")
    .argument("<report>", "its id or name")
    .action((id: string) =>
      withReports(get, cli, async ({ client, nameOf }) => {
        const { value } = await client.getReport(nameOf(id));
        await printReports(cli, get, [value], timeline(value));
      }),
    );

  const watch = verb(command, "watch", "each change of a report until it has ended")
    .argument("<report>", "its id or name")
    .action((id: string) => withReports(watch, cli, (service) => told(cli, watch, service, service.nameOf(id), true)));

  const fetch = verb(command, "fetch", "the report itself, in one of its formats")
    .argument("<report>", "its id or name")
    .option("--format <format>", "csv, json, ndjson, parquet, pdf or xlsx", "csv")
    .option("--to <file>", "where to; standard output where not given")
    .action((id: string, flags: { readonly format: string; readonly to?: string }) =>
      withReports(fetch, cli, ({ client, nameOf }) => {
        const wanted = { client, name: nameOf(id), format: formatOf(flags.format) };
        return flags.to === undefined ? fetchToOutput(cli.io, wanted) : fetchToFile(cli.io, wanted, flags.to);
      }),
    );

  const cancel = verb(command, "cancel", "stop a report that waits or runs")
    .argument("<report>", "its id or name")
    .option("--reason <text>", "why", "")
    .action((id: string, { reason }: { readonly reason: string }) =>
      withReports(cancel, cli, async ({ client, nameOf }) => {
        const { value } = await client.cancelReport({ name: nameOf(id), reason });
        await printReports(cli, cancel, [value]);
      }),
    );

  const retry = verb(command, "retry", "make reports that failed, were cancelled or have expired once more")
    .argument("[report]", "its id or name")
    .option("--filter <filter>", "all that it finds, like 'state = FAILED AND kind = \"reportKinds/wide\"'")
    .option("--wait", "one report: until it has ended")
    .addOption(dryRunOption())
    .option("-y, --yes", "with a filter: do not ask")
    .action((id: string | undefined, flags: RetryFlags) => {
      const { filter } = flags;
      if ((id === undefined) === (filter === undefined))
        throw new CliError("which reports? Name one, or give a --filter, like 'state = FAILED'");
      return withReports(retry, cli, async (service) => {
        if (filter !== undefined) return retryFound(cli, retry, service, filter, flags);
        const name = service.nameOf(id ?? "");
        if (flags.dryRun) return printReports(cli, retry, [(await service.client.getReport(name)).value], [unchanged]);
        const { value } = await service.client.retryReport({ name, requestId: crypto.randomUUID() });
        await told(cli, retry, service, reportNameOf(value), flags.wait === true);
      });
    });

  const queues = verb(command, "queues", "what waits for each worker cluster, and for how long").action(() =>
    withReports(queues, cli, async ({ client }) => {
      const { value, by } = await client.listQueues();
      await print(cli, queues, {
        value: { queues: value.queues.map((queue) => toJson(QueueSchema, queue, { alwaysEmitImplicit: true })) },
        table: () => ({ columns: queueColumns, rows: value.queues.map(queueRow) }),
        names: () => value.queues.map(({ workerCluster }) => workerCluster),
        notes: () => [...value.queues.flatMap(circuitLines), `WORKERS and CIRCUIT are those of ${by.server}`],
      });
    }),
  );

  const remove = verb(command, "delete", "delete a report and its files")
    .argument("<report>", "its id or name")
    .action((id: string) =>
      withReports(remove, cli, async ({ client, nameOf }) => {
        await client.deleteReport({ name: nameOf(id) });
        cli.io.stdout.write(`${nameOf(id)} deleted\n`);
      }),
    );
};

const errorDetails = createRegistry(BadRequestSchema, ErrorInfoSchema, RetryInfoSchema);

type CreateFlags = OrderFlags & { readonly requestId?: string; readonly wait?: boolean; readonly dryRun?: boolean };
type RetryFlags = {
  readonly filter?: string;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
};

const unchanged = "dry run: nothing was changed";

function verb(command: Command, name: string, says: string): Command {
  return addTarget(command.command(name).description(says));
}

/** Makes once more what a filter finds, after showing it; ends with 1 where that was not confirmed, or some were refused. */
async function retryFound(
  cli: Cli,
  command: Command,
  service: ReportService,
  filter: string,
  { dryRun, yes }: RetryFlags,
): Promise<void> {
  const found = await findRetryable(service, filter);
  const asks = yes !== true && found.length > 0 && dryRun !== true;
  if (dryRun || asks || found.length === 0) {
    const says = found.length === 0 ? ["none of them failed, was cancelled or has expired"] : [];
    await printReports(cli, command, found, dryRun ? [unchanged] : says);
    if (!asks) return;
  }
  if (asks && !(await confirmed(cli, `Make ${found.length} reports once more?`))) {
    cli.io.stderr.write("nothing was changed\n");
    cli.exit(1);
    return;
  }
  const retried = await retryAll(service, found);
  const refused = retried.flatMap(({ report, refused: why }) => (why ? [`${report.name}: ${why.message}`] : []));
  cli.io.stderr.write(`${retried.length - refused.length} of ${found.length} reports wait again\n`);
  for (const line of refused) cli.io.stderr.write(`${printable(line)}\n`);
  if (refused.length > 0) cli.exit(1);
}

/** Shows a report as it is, or as it goes on until it has ended; ends with 1 unless it was made. */
async function told(
  cli: Cli,
  command: Command,
  { client }: ReportService,
  name: string,
  follow: boolean,
): Promise<void> {
  if (!follow) return printReports(cli, command, [(await client.getReport(name)).value]);
  let last: Report | undefined;
  let shown = "";
  for await (const { report, time } of client.followReport(name, 0n, { signal: cli.io.signal })) {
    if (report === undefined) continue;
    last = report;
    const state = stateCell(report);
    const line = `${typeof state === "string" ? state : state.text}  ${progressText(report)}`;
    if (line === shown || cli.format(command) !== "table") continue;
    shown = line;
    const at = time ? new Date(msOf(time)).toISOString().slice(11, 19) : "";
    cli.io.stderr.write(`${printable(`${at}  ${line}`)}\n`);
  }
  if (last === undefined) return;
  await printReports(cli, command, [last], timeline(last));
  if (hasEnded(last) && last.state !== State.SUCCEEDED) cli.exit(1);
}

async function printReports(
  cli: Cli,
  command: Command,
  reports: readonly Report[],
  notes: readonly string[] = [],
): Promise<void> {
  await print(cli, command, {
    value: { reports: reports.map((report) => toJson(ReportSchema, report, { registry: errorDetails })) },
    table: () => ({ columns: reportColumns, rows: reports.map((report) => reportRow(report, new Date())) }),
    names: () => reports.map(({ name }) => name),
    notes: () => notes,
  });
}

/** Who worked on it, and why that ended. */
function timeline({ attempts, error }: Report): readonly string[] {
  const lines = attempts.map(({ number, worker, workerCluster, datacenter, error: why }) => {
    const ended = why === undefined ? "" : `: ${why.message}`;
    return `attempt ${number} by ${worker} (${workerCluster}, ${datacenter})${ended}`;
  });
  return error === undefined ? lines : [...lines, `error: ${error.message}`];
}

function limitOf(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new CliError(`--limit "${text}": expected a whole number from 1 to 9999`);
}

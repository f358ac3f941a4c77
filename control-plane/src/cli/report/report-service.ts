import { readFileSync } from "node:fs";
import { credentials } from "@grpc/grpc-js";
import { createReportClient, ReportCallError, type ReportClient } from "@weir/report-service/src/client.ts";
import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { CliError } from "../cli-error.ts";

/** The report service that a command talks to, as one tenant. */
export type ReportService = {
  readonly client: ReportClient;
  /** `tenants/acme` */
  readonly tenant: string;
  /** The full name of a report, of which its id will do. */
  nameOf(report: string): string;
};

type TargetFlags = {
  readonly reports?: string;
  readonly host?: string;
  readonly tenant?: string;
  readonly tlsCa?: string;
};

/** Adds the options that say which report service is meant. */
export function addTarget(command: Command): Command {
  return command
    .option("--reports <target>", "where the report service or a proxy before it answers; also WEIR_REPORTS")
    .option("--host <name>", "what a proxy knows it as, where that is not its address; also WEIR_REPORTS_HOST")
    .option("--tenant <id>", "whose reports; also WEIR_TENANT (default: demo)")
    .option("--tls-ca <file>", "the authority of its certificate, PEM; plaintext where not given");
}

/** Runs `work` with a client; what the service answers instead of OK becomes an error in plain words. */
export async function withReports(
  command: Command,
  { io }: Cli,
  work: (service: ReportService) => Promise<void>,
): Promise<void> {
  const flags = flagsOf(command);
  const { reports = io.env["WEIR_REPORTS"], host = io.env["WEIR_REPORTS_HOST"], tlsCa } = flags;
  const id = flags.tenant ?? (io.env["WEIR_TENANT"] || "demo");
  if (reports === undefined || reports === "") {
    throw new CliError(
      "which report service? --reports host:port or WEIR_REPORTS names it. For the demo: --reports 127.0.0.1:18001 --host report, with the port of an edge that it prints",
    );
  }
  const tenant = `tenants/${id.replace(/^tenants\//, "")}`;
  const secure = tlsCa === undefined ? credentials.createInsecure() : credentials.createSsl(readCa(tlsCa));
  using client = createReportClient(reports, secure, host ? { "grpc.default_authority": host } : {});
  const nameOf = (report: string) => (report.includes("/") ? report : `${tenant}/reports/${report}`);
  try {
    await work({ client, tenant, nameOf });
  } catch (error) {
    if (error instanceof ReportCallError) throw new CliError(inWords(error, reports));
    throw error;
  }
}

function flagsOf(command: Command): TargetFlags {
  return command.optsWithGlobals<TargetFlags>();
}

function readCa(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CliError(`--tls-ca ${file} cannot be read: ${(cause as Error).message}`);
  }
}

function inWords({ message, violations, reason, retryAfterMs }: ReportCallError, target: string): string {
  const lines = [
    `the report service at ${target} says ${message}${reason === undefined ? "" : ` (${reason})`}`,
    ...violations.filter(({ description }) => !message.includes(description)).map(violationText),
    ...(retryAfterMs === undefined ? [] : [`  try again in ${Math.ceil(retryAfterMs / 1000)} s`]),
  ];
  return lines.join("\n");
}

function violationText({ field, description }: ReportCallError["violations"][number]): string {
  return description.startsWith(field) ? `  ${description}` : `  ${field}: ${description}`;
}

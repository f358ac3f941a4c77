import { createHash } from "node:crypto";
import { anyUnpack, timestampMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { ErrorInfoSchema } from "@weir/proto/google/rpc/error_details_pb.ts";
import { type Attempt, Format, type Report } from "@weir/proto/report/v1/report_pb.ts";
import { hasEnded, ReportCallError, type ReportClient } from "@weir/report-service/src/client.ts";
import { tenants } from "./order.ts";
import { stateName } from "./state-name.ts";

/** What the service says of one report when all is over, and what is really in its objects. */
export type FinalReport = {
  readonly name: string;
  /** The request that made it, as its label says. */
  readonly request: string;
  readonly state: string;
  readonly createdAtMs: number;
  readonly endedAtMs: number | undefined;
  /** Why each attempt ended; `""` for one that did not fail. */
  readonly attempts: readonly string[];
  /** `found` is the hash of the bytes that were read, undefined where there are none. */
  readonly objects: readonly {
    readonly format: string;
    readonly recorded: string;
    readonly found: string | undefined;
  }[];
  /** Whether its CSV has the text that its request gave; undefined where it has no CSV. */
  readonly ownContent: boolean | undefined;
  /** Sequences of its events after the first, and how many of them say that it has ended. */
  readonly sequences: readonly number[];
  readonly endings: number;
};

const atOnce = 16;

/** Reads all reports that there are, over the service's own API, with their events and their bytes. */
export async function readFinalState(client: ReportClient): Promise<readonly FinalReport[]> {
  const reports: Report[] = [];
  for (const tenant of tenants) reports.push(...(await listAll(client, tenant)));
  const final: FinalReport[] = [];
  const queue = reports.values();
  const work = async () => {
    for (const report of queue) final.push(await finalOf(client, report));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return final;
}

async function listAll(client: ReportClient, tenant: string): Promise<readonly Report[]> {
  const reports: Report[] = [];
  let pageToken = "";
  do {
    const parent = `tenants/${tenant}`;
    const { value } = await client.listReports({ parent, pageSize: 500, pageToken }, { timeoutMs: 30_000 });
    reports.push(...value.reports);
    pageToken = value.nextPageToken;
  } while (pageToken !== "");
  return reports;
}

async function finalOf(client: ReportClient, report: Report): Promise<FinalReport> {
  const objects = await Promise.all(
    report.artifacts.map(async ({ format, sha256 }) => ({
      format: formatName(format),
      recorded: sha256,
      ...(await fetched(client, report.name, format)),
    })),
  );
  const csv = objects.find(({ format }) => format === "CSV");
  const events = hasEnded(report) ? await eventsOf(client, report.name) : [];
  return {
    name: report.name,
    request: report.labels["request"] ?? "",
    state: stateName(report.state),
    createdAtMs: report.createTime ? timestampMs(report.createTime) : Number.NaN,
    endedAtMs: report.endTime && timestampMs(report.endTime),
    attempts: report.attempts.map(reasonOf),
    objects: objects.map(({ format, recorded, found }) => ({ format, recorded, found })),
    ownContent: csv?.text.includes(String(report.parameters?.["text"])),
    sequences: events.map(({ sequence }) => sequence),
    endings: events.filter(({ ended }) => ended).length,
  };
}

function reasonOf({ error }: Attempt): string {
  const details = error?.details ?? [];
  return details.map((detail) => anyUnpack(detail, ErrorInfoSchema)?.reason).find((reason) => reason) ?? "";
}

function formatName(format: Format): string {
  return Object.entries(Format).find(([, value]) => value === format)?.[0] ?? String(format);
}

/** By its own reading, not the client helper's: a wrong hash is to be seen, not thrown. */
async function fetched(client: ReportClient, name: string, format: Format) {
  const hash = createHash("sha256");
  const pieces: Uint8Array[] = [];
  try {
    for await (const { data } of client.streamReport({ name, format }, { timeoutMs: 30_000 })) {
      hash.update(data);
      pieces.push(data);
    }
    return { found: hash.digest("hex"), text: Buffer.concat(pieces).toString("utf8") };
  } catch (error) {
    if (!(error instanceof ReportCallError) || error.code === status.UNAVAILABLE) throw error;
    return { found: undefined, text: "" };
  }
}

/** Those that come within ten seconds: the events of a report that has ended are all there. */
async function eventsOf(client: ReportClient, name: string) {
  const events: { readonly sequence: number; readonly ended: boolean }[] = [];
  try {
    for await (const { sequence, report } of client.watchReport({ name, afterSequence: 1n }, { timeoutMs: 10_000 })) {
      events.push({ sequence: Number(sequence), ended: report !== undefined && hasEnded(report) });
    }
  } catch (error) {
    if (!(error instanceof ReportCallError) || error.code !== status.DEADLINE_EXCEEDED) throw error;
  }
  return events;
}

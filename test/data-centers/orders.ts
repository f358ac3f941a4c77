import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Format, type Report, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { hasEnded, type ReportClient, reportNameOf } from "@weir/report-service/src/client.ts";

export const parent = "tenants/acme";

export type Order = {
  readonly kind: string;
  readonly rows?: number;
  readonly uploads?: readonly string[];
  readonly requestId?: string;
};

const mostUnanswered = 20;

/** What was asked for, and what it was accepted as. */
export type Orders = {
  /** By request id. */
  readonly accepted: ReadonlyMap<string, string>;
  /** Asked for, and not answered. */
  readonly unanswered: readonly (Order & { readonly requestId: string })[];
  /** Creates it, and answers its name; one request id must always give the same. */
  place(client: ReportClient, order: Order): Promise<string>;
  /** Goes on creating reports until 20 of them got no answer: each of those fails at once where nobody is there. */
  keepPlacing(client: ReportClient): Promise<void>;
};

export function createOrders(): Orders {
  const accepted = new Map<string, string>();
  const unanswered: (Order & { readonly requestId: string })[] = [];
  async function place(client: ReportClient, { kind, rows, uploads = [], requestId }: Order): Promise<string> {
    const id = requestId ?? crypto.randomUUID();
    const parameters = rows === undefined ? {} : { rows };
    const report = { kind: `reportKinds/${kind}`, parameters, uploads: [...uploads] };
    const { value } = await client.createReport({ parent, report, requestId: id }, { timeoutMs: 20_000 });
    const name = reportNameOf(value);
    const before = accepted.get(id);
    assert.ok(before === undefined || before === name, `${id} made ${before} and ${name}`);
    accepted.set(id, name);
    return name;
  }
  return {
    accepted,
    unanswered,
    place,
    async keepPlacing(client) {
      for (let rows = 1_000; unanswered.length < mostUnanswered; rows += 1) {
        const order = { kind: "wide", rows, requestId: crypto.randomUUID() };
        await place(client, order).catch(() => unanswered.push(order));
      }
    },
  };
}

/** All reports, by pages that end in the middle of what data centers have made at one time. */
export async function listAll(client: ReportClient): Promise<readonly Report[]> {
  const all: Report[] = [];
  for (let pageToken = ""; ; ) {
    const { reports, nextPageToken } = (await client.listReports({ parent, pageSize: 7, pageToken })).value;
    all.push(...reports);
    if (nextPageToken === "") return all;
    pageToken = nextPageToken;
  }
}

/** `1 dc-a`, `2 dc-b` */
export function attemptsOf({ attempts }: Report): readonly string[] {
  return attempts.map(({ number, datacenter }) => `${number} ${datacenter}`);
}

/**
 * That a report has ended once: its events have no gap and one end, each attempt follows the one before, and where it
 * succeeded its bytes are those recorded, as the service streams them and as its URL gives them.
 */
export async function assertEndedOnce(client: ReportClient, name: string): Promise<Report> {
  const events = [];
  for await (const event of client.followReport(name, 1n, { timeoutMs: 60_000 })) events.push(event);
  const sequences = events.map(({ sequence }) => Number(sequence));
  assert.deepEqual(
    sequences,
    sequences.map((_, index) => index + 2),
    `events of ${name}`,
  );
  assert.equal(events.filter(({ report }) => report && hasEnded(report)).length, 1, `ends of ${name}`);
  const report = (await client.getReport(name)).value;
  assert.ok(report.state === State.SUCCEEDED || report.state === State.FAILED, `${name} is in state ${report.state}`);
  const numbers = report.attempts.map(({ number }) => number);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
    `attempts of ${name}`,
  );
  if (report.state === State.SUCCEEDED) await assertBytes(client, report);
  return report;
}

/** Throws where the bytes of its CSV are not those recorded. */
export async function assertBytes(client: ReportClient, report: Report): Promise<void> {
  const recorded = report.artifacts.find(({ format }) => format === Format.CSV)?.sha256;
  const streamed = await client.fetchReport(report.name, Format.CSV, { timeoutMs: 30_000 });
  const { url } = (await client.getDownloadUrl({ name: report.name, format: Format.CSV })).value;
  const downloaded = Buffer.from(await (await fetch(url)).arrayBuffer());
  for (const bytes of [streamed, downloaded])
    assert.equal(createHash("sha256").update(bytes).digest("hex"), recorded, `bytes of ${report.name}`);
}

// The load: sends calls at a rate, answered or not, and tells how each kind came out. A process of its own, so that what
// it costs is not counted as the service's.
import { setTimeout as delay } from "node:timers/promises";
import { create, type DescMessage, type DescMethod, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { methodOf } from "@weir/proto/grpc/service.ts";
import {
  CreateReportRequestSchema,
  Format,
  GetDownloadUrlRequestSchema,
  GetReportRequestSchema,
  ListReportsRequestSchema,
  Reports,
  Results,
  CreateReportRequest_Reuse as Reuse,
  WatchReportRequestSchema,
} from "@weir/proto/report/v1/report_pb.ts";
import { type CallKind, callsOf, type Mix } from "./mix.ts";

export type CallerArgument = {
  readonly targets: readonly string[];
  readonly authority?: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly mix: Mix;
  readonly seed: number;
  /** Makes requests of this run new ones. */
  readonly run: string;
  /** Finished reports to read. */
  readonly names: readonly string[];
  /** Contents of which there is a finished report. */
  readonly contents: number;
};

export type KindOutcome = {
  readonly calls: number;
  readonly codes: Readonly<Record<string, number>>;
  /** From when the call was due to its status. */
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const argument = JSON.parse(process.argv[2] ?? "{}") as CallerArgument;
const { targets, authority, perSecond, seconds, mix, seed, run, names, contents } = argument;
const options = {
  "grpc.use_local_subchannel_pool": 1,
  ...(authority && { "grpc.default_authority": authority }),
};
const channels = targets.map((target) => new Client(target, credentials.createInsecure(), options));
await Promise.all(
  channels.map((channel) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    channel.waitForReady(Date.now() + 20_000, (error) => (error ? reject(error) : resolve()));
    return promise;
  }),
);

const timings = new Map<CallKind, number[]>();
const codes = new Map<CallKind, Map<string, number>>();
let sent = 0;
let answered = 0;
const kinds = callsOf(mix, seed);
const startMs = performance.now();
while (performance.now() - startMs < seconds * 1_000) {
  const due = Math.floor(((performance.now() - startMs) / 1_000) * perSecond);
  while (sent < due) send(kinds.next().value, startMs + ((sent + 1) / perSecond) * 1_000);
  await delay(2);
}
while (answered < sent) await delay(10);
for (const channel of channels) channel.close();
const outcome = Object.fromEntries([...timings].map(([kind, all]) => [kind, outcomeOf(kind, all)]));
console.log(JSON.stringify({ sent, all: outcomeOf(undefined, [...timings.values()].flat()), outcome }));

function send(kind: CallKind, dueMs: number): void {
  const index = sent;
  sent += 1;
  const channel = channels[index % channels.length];
  const { path, bytes, streams, metadata } = requestOf(kind, index);
  const deadline = Date.now() + 20_000;
  const done = (code: status) => {
    answered += 1;
    const all = timings.get(kind) ?? [];
    all.push(performance.now() - dueMs);
    timings.set(kind, all);
    const counts = codes.get(kind) ?? new Map<string, number>();
    const name = status[code] ?? String(code);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    codes.set(kind, counts);
  };
  if (streams) {
    const call = channel?.makeServerStreamRequest(path, same, same, bytes, metadata, { deadline });
    call?.on("data", () => undefined).on("error", () => undefined);
    call?.on("status", ({ code }) => done(code));
    return;
  }
  const answer = (error: ServiceError | null) => done(error ? error.code : status.OK);
  channel?.makeUnaryRequest(path, same, same, bytes, metadata, { deadline }, answer);
}

function requestOf(kind: CallKind, index: number) {
  const name = names[(index * 7_919) % names.length] ?? "";
  const about = (method: DescMethod, bytes: Uint8Array, streams = false) => {
    const metadata = new Metadata();
    const id = name.split("/")[3];
    if (id) metadata.set("x-report-id", id);
    return { path: methodOf(method.parent, method as never).path, bytes: Buffer.from(bytes), streams, metadata };
  };
  switch (kind) {
    case "get":
      return about(Results.method.getReport, encode(GetReportRequestSchema, { name }));
    case "watch":
      return about(Results.method.watchReport, encode(WatchReportRequestSchema, { name }), true);
    case "url":
      return about(Results.method.getDownloadUrl, encode(GetDownloadUrlRequestSchema, { name, format: Format.CSV }));
    case "list":
      return about(
        Results.method.listReports,
        encode(ListReportsRequestSchema, { parent: "tenants/red", pageSize: 20 }),
      );
    case "reused":
      return about(Reports.method.createReport, createOf("shared", `shared ${index % contents}`, index, Reuse.ALLOW));
    case "created":
      return about(Reports.method.createReport, createOf("quick", `${run} ${index}`, index, Reuse.NEVER));
  }
}

function createOf(kind: string, text: string, index: number, reuse: Reuse): Uint8Array {
  return encode(CreateReportRequestSchema, {
    parent: "tenants/red",
    requestId: `${run}-${index}`,
    reuse,
    report: { kind: `reportKinds/${kind}`, parameters: { text } },
  });
}

function encode<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

function outcomeOf(kind: CallKind | undefined, all: readonly number[]): KindOutcome {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const counts = new Map<string, number>();
  for (const [of, some] of codes) {
    if (kind !== undefined && of !== kind) continue;
    for (const [code, count] of some) counts.set(code, (counts.get(code) ?? 0) + count);
  }
  return { calls: all.length, codes: Object.fromEntries(counts), p50Ms: at(0.5), p99Ms: at(0.99) };
}

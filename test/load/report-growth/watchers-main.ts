// Clients that follow reports: opens so many watches, waits until each has seen the present state, and tells.
import { setTimeout as delay } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, status } from "@grpc/grpc-js";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { Results, WatchReportRequestSchema } from "@weir/proto/report/v1/report_pb.ts";

const { address, names, count } = JSON.parse(process.argv[2] ?? "{}") as {
  readonly address: string;
  readonly names: readonly string[];
  readonly count: number;
};
// A connection carries a hundred calls at a time, by what servers allow as a rule.
const perConnection = 100;
const { path } = methodOf(Results, Results.method.watchReport);
const same = (bytes: Buffer) => bytes;
let opened = 0;
let events = 0;
let ended = 0;
const failures = new Map<string, number>();
const startMs = performance.now();
for (let index = 0; index < count; index += perConnection) {
  const channel = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  for (let each = index; each < Math.min(count, index + perConnection); each += 1)
    watch(channel, names[each % names.length] ?? "");
  await delay(5);
}
const timer = setInterval(() => {
  if (opened + ended < count) return;
  clearInterval(timer);
  console.log(JSON.stringify({ opened, tookMs: performance.now() - startMs, failures: Object.fromEntries(failures) }));
  events = 0;
}, 20);
// Each line that comes asks how many events came since the last.
process.stdin.on("data", () => {
  console.log(JSON.stringify({ events, ended }));
});

function watch(channel: Client, name: string): void {
  const request = Buffer.from(toBinary(WatchReportRequestSchema, create(WatchReportRequestSchema, { name })));
  const call = channel.makeServerStreamRequest(path, same, same, request);
  let first = true;
  call.on("data", () => {
    if (first) opened += 1;
    else events += 1;
    first = false;
  });
  call.on("error", () => undefined);
  call.on("status", ({ code }) => {
    ended += 1;
    if (code !== status.OK) failures.set(status[code] ?? "", (failures.get(status[code] ?? "") ?? 0) + 1);
  });
}

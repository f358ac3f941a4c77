// The least that grpc-js needs to give the same answers: bytes by name, no interceptors, nothing decoded but requests.
//   node test/load/report-reads/bare-main.ts READS KEY      as `peer serve` takes them
import { createSecretKey } from "node:crypto";
import { create, type DescMethod, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { methodOf } from "@weir/proto/grpc/service.ts";
import {
  type Artifact,
  DownloadUrlSchema,
  type GetDownloadUrlRequest,
  type GetReportRequest,
  ReportEventSchema,
  ReportSchema,
  Results,
  type WatchReportRequest,
} from "@weir/proto/report/v1/report_pb.ts";
import { signGrant } from "@weir/report-service/src/disk/grant.ts";
import { readMessages } from "./messages.ts";

type Finished = {
  readonly report: Uint8Array;
  readonly event: Uint8Array;
  readonly artifact: Artifact | undefined;
  readonly url: URL;
};
type Answer = (error: { readonly code: status } | null, bytes?: Uint8Array) => void;
type Writing = { write(bytes: Uint8Array): void; end(): void; emit(name: "error", cause: object): void };

const validMs = 900_000;
const [path = "", key = ""] = process.argv.slice(2);
const secret = createSecretKey(Buffer.from(key, "hex"));
const finished = new Map<string, Finished>();
const frames = await readMessages(path);
for (let at = 0; at + 1 < frames.length; at += 2) {
  const [event, download] = [frames[at] ?? Buffer.alloc(0), frames[at + 1] ?? Buffer.alloc(0)];
  const { report } = fromBinary(ReportEventSchema, event);
  const { url, artifact } = fromBinary(DownloadUrlSchema, download);
  if (report) finished.set(report.name, { report: toBinary(ReportSchema, report), event, artifact, url: new URL(url) });
}

const asBytes = (method: DescMethod) => {
  return { ...methodOf(method.parent, method as never), responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes) };
};
const { getReport, watchReport, getDownloadUrl } = Results.method;
const server = new Server();
server.addService(
  { getReport: asBytes(getReport), watchReport: asBytes(watchReport), getDownloadUrl: asBytes(getDownloadUrl) },
  {
    getReport({ request }: { readonly request: GetReportRequest }, answer: Answer) {
      const found = finished.get(request.name);
      answer(found ? null : { code: status.NOT_FOUND }, found?.report);
    },
    watchReport(call: Writing & { readonly request: WatchReportRequest }) {
      const found = finished.get(call.request.name);
      if (!found) return call.emit("error", { code: status.NOT_FOUND });
      call.write(found.event);
      call.end();
    },
    getDownloadUrl({ request }: { readonly request: GetDownloadUrlRequest }, answer: Answer) {
      const found = finished.get(request.name);
      answer(found ? null : { code: status.NOT_FOUND }, found && downloadUrl(found));
    },
  } as never,
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(JSON.stringify({ address: `127.0.0.1:${port}`, pid: process.pid }));
});

function downloadUrl({ url, artifact }: Finished): Uint8Array {
  const expiresAtMs = Math.ceil((Date.now() + validMs) / 1_000) * 1_000;
  const [fileName = "", mediaType = "", id = ""] = ["name", "type", "key"].map(
    (name) => url.searchParams.get(name) ?? "",
  );
  const grant = { method: "GET", key: url.pathname.slice(1), fileName, mediaType, expiresAtMs } as const;
  const text = url.origin + signGrant(grant, { id, key: secret });
  const expireTime = timestampFromMs(expiresAtMs);
  return toBinary(
    DownloadUrlSchema,
    create(DownloadUrlSchema, { url: text, expireTime, ...(artifact && { artifact }) }),
  );
}

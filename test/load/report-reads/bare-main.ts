// The least that grpc-js needs to give the same answers: bytes by name, no interceptors, nothing decoded but the name.
//   node test/load/report-reads/bare-main.ts REPORTS
import { fromBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { type GetReportRequest, ReportSchema, Results } from "@weir/proto/report/v1/report_pb.ts";
import { readMessages } from "./messages.ts";

const [path = ""] = process.argv.slice(2);
const reports = new Map<string, Buffer>();
for (const bytes of await readMessages(path)) reports.set(fromBinary(ReportSchema, bytes).name, bytes);

const server = new Server();
const method = { ...methodOf(Results, Results.method.getReport), responseSerialize: (bytes: Buffer) => bytes };
server.addService(
  { getReport: method },
  {
    getReport(
      { request }: { readonly request: GetReportRequest },
      answer: (error: { readonly code: status } | null, bytes?: Buffer) => void,
    ) {
      const found = reports.get(request.name);
      answer(found ? null : { code: status.NOT_FOUND }, found);
    },
  },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(JSON.stringify({ address: `127.0.0.1:${port}`, pid: process.pid }));
});

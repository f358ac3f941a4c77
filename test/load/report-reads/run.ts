// What a read of a finished report costs our server, beside a minimal grpc-go server and the least that grpc-js can do,
// with the same reports and the same client, in turns.
//   node setup/run.mjs load:reads [--rate 1000] [--seconds 5] [--rounds 3] [--reports 200] [--flags="--cache off"]
import { parseArgs } from "node:util";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GetReportRequestSchema, ReportSchema } from "@weir/proto/report/v1/report_pb.ts";
import { reportNameOf } from "@weir/report-service/src/client.ts";
import { startServer, temporaryDirectory } from "../../../report-service/test/server-process.ts";
import { makeFolder } from "../../kit/folder.ts";
import { startProcess } from "../../kit/process.ts";
import { usageOf } from "../process-usage.ts";
import { buildPeer } from "./build-peer.ts";
import { writeMessages } from "./messages.ts";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    reports: { type: "string", default: "200" },
    connections: { type: "string", default: "4" },
    flags: { type: "string", default: "" },
  },
});

type Contender = { readonly name: string; readonly address: string; readonly pid: number };
type Loaded = {
  readonly codes: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly bytes: number;
};

const peer = await buildPeer();
if (peer.kind === "missing") {
  console.log(`not measured: ${peer.why}`);
} else {
  await measure(peer.program);
}

async function measure(program: string): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeFolder("report-reads"));
  const data = stack.use(await temporaryDirectory());
  const weir = stack.use(
    await startServer(
      data.path,
      values.flags.split(" ").filter((flag) => flag !== ""),
    ),
  );
  const reports = await finishedReports(weir.client, Number(values.reports));
  const [file, names] = [`${folder.path}/reports`, `${folder.path}/names`];
  await writeMessages(file, reports);
  await writeMessages(names, reports.map(requestFor));

  const go = stack.use(startProcess({ name: "grpc-go", command: program, args: ["serve", file] }));
  const bareMain = new URL("bare-main.ts", import.meta.url).pathname;
  const bare = stack.use(startProcess({ name: "grpc-js", command: process.execPath, args: [bareMain, file] }));
  const contenders: Contender[] = [{ name: "weir", address: weir.address, pid: weir.process.pid ?? -1 }];
  for (const server of [go, bare]) {
    const { address, pid } = await server.json(({ address }) => typeof address === "string", 30_000);
    contenders.push({ name: server.name, address: String(address), pid: Number(pid) });
  }

  const load = async (address: string, rate: string, seconds: string): Promise<Loaded> => {
    const args = ["load", address, names, values.connections, "16", rate, `${seconds}s`];
    await using client = startProcess({ name: "load", command: program, args });
    return (await client.json(({ codes }) => codes !== undefined, 600_000)) as Loaded;
  };
  // Compiled code is what is measured.
  for (const { address } of contenders) await load(address, "0", "3");

  const micros = new Map<string, number[]>();
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const rate of [values.rate, "0"]) {
      for (const { name, address, pid } of contenders) {
        const before = await usageOf(pid);
        const { codes, calls, seconds, p50Ms, p99Ms, bytes } = await load(address, rate, values.seconds);
        const after = await usageOf(pid);
        const each = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / calls;
        const key = `${name}${rate === "0" ? ", as fast as it can" : ""}`;
        micros.set(key, [...(micros.get(key) ?? []), each]);
        const status = Object.entries(codes).map(([code, count]) => `${code} ${count}`);
        console.log(
          `${key.padEnd(32)} ${each.toFixed(0).padStart(5)} us  ${(calls / seconds).toFixed(0).padStart(6)}/s` +
            `  p50 ${p50Ms.toFixed(2)} ms  p99 ${p99Ms.toFixed(2)} ms  ${(bytes / calls).toFixed(0)} bytes  ${status.join(", ")}`,
        );
      }
    }
  }
  console.log("\nCPU of the server for one read, median of all rounds:");
  for (const [name, all] of micros) {
    const against = micros.get(name.replace("weir", "grpc-go")) ?? [];
    const ratio = name.startsWith("weir") ? `  ${(median(all) / median(against)).toFixed(2)} times grpc-go` : "";
    console.log(`${name.padEnd(32)} ${median(all).toFixed(0).padStart(5)} us${ratio}`);
  }
}

async function finishedReports(
  client: Awaited<ReturnType<typeof startServer>>["client"],
  count: number,
): Promise<readonly Uint8Array[]> {
  const created = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      client.createReport({
        parent: "tenants/acme",
        report: {
          kind: "reportKinds/wide",
          parameters: { rows: 10 },
          labels: { team: "blue", number: String(index) },
        },
      }),
    ),
  );
  const reports = [];
  for (const { value } of created) {
    const report = await client.waitForEnd(reportNameOf(value));
    reports.push(toBinary(ReportSchema, report));
  }
  return reports;
}

function requestFor(report: Uint8Array): Uint8Array {
  return toBinary(
    GetReportRequestSchema,
    create(GetReportRequestSchema, { name: fromBinary(ReportSchema, report).name }),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

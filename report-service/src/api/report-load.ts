import { availableParallelism } from "node:os";
import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Metadata, status } from "@grpc/grpc-js";
import type { CallHook } from "./call-hooks.ts";

const header = "endpoint-load-metrics-bin";
// Shorter would be chance; balancers look once a second.
const measuredMs = 500;

// The numbers of xds.data.orca.v3.OrcaLoadReport: https://github.com/cncf/xds/blob/main/xds/data/orca/v3/orca_load_report.proto
const fields = { cpuUtilization: 1, rpsFractional: 6, eps: 7, applicationUtilization: 9 } as const;

/** What a balancer takes for a failing server. What a caller asked wrongly, or asked too often, is none of it. */
const failures: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/**
 * Says with every answer, in its trailers, how busy this server was of late: an OrcaLoadReport as gRFC A51 has it, by which
 * WeightedRoundRobin (gRFC A58, Envoy's client_side_weighted_round_robin) shares calls out. `application_utilization` is how
 * much of the time the event loop was busy, which is what an answer waits for here; `cpu_utilization` is of all cores of
 * the machine.
 */
export function reportLoad(): CallHook {
  const measure = createMeter();
  return () => ({
    onStatus(answer) {
      const metadata = answer.metadata ?? new Metadata();
      metadata.set(header, measure(failures.has(answer.code ?? status.OK)));
      return { ...answer, metadata };
    },
  });
}

/** Counts a call that has ended, and answers the report as of now. */
function createMeter(): (failed: boolean) => Buffer {
  let [calls, failed] = [0, 0];
  let atMs = performance.now();
  let loop: EventLoopUtilization = performance.eventLoopUtilization();
  let cpu = process.cpuUsage();
  let report: Buffer | undefined;
  return (hasFailed) => {
    calls += 1;
    if (hasFailed) failed += 1;
    const nowMs = performance.now();
    const tookMs = nowMs - atMs;
    if (report && tookMs < measuredMs) return report;
    const used = process.cpuUsage(cpu);
    const busy = performance.eventLoopUtilization(loop);
    report = encode({
      cpuUtilization: (used.user + used.system) / 1_000 / tookMs / availableParallelism(),
      rpsFractional: calls / (tookMs / 1_000),
      eps: failed / (tookMs / 1_000),
      applicationUtilization: busy.utilization,
    });
    [calls, failed, atMs] = [0, 0, nowMs];
    loop = performance.eventLoopUtilization();
    cpu = process.cpuUsage();
    return report;
  };
}

function encode(values: Readonly<Record<keyof typeof fields, number>>): Buffer {
  const writer = new BinaryWriter();
  for (const [name, number] of Object.entries(fields)) {
    writer.tag(number, WireType.Bit64).double(values[name as keyof typeof fields]);
  }
  return Buffer.from(writer.finish());
}

import { Metadata, Server, ServerCredentials, ServerMetricRecorder, status } from "@grpc/grpc-js";
import { type EchoReply, sayMethod } from "./echo.ts";

export type ReportingOptions = {
  /** Of its CPU; it says so with every answer, and to whoever asks for a stream of reports. */
  readonly utilization?: number;
  /** Only on the stream. */
  readonly outOfBand?: boolean;
  readonly failing?: boolean;
};
export type ReportingBackend = AsyncDisposable & { readonly id: string; readonly address: string };

/** A backend that says how busy it is, by xds.data.orca.v3.OrcaLoadReport: cpu_utilization and rps_fractional. */
export async function startReporting(
  id: string,
  { utilization, outOfBand = false, failing = false }: ReportingOptions,
): Promise<ReportingBackend> {
  const server = new Server();
  const report = Buffer.alloc(18);
  report.writeUInt8(0x09, 0);
  report.writeDoubleLE(utilization ?? 0, 1);
  report.writeUInt8(0x31, 9);
  report.writeDoubleLE(100, 10);
  const trailer = new Metadata();
  if (utilization !== undefined && !outOfBand) trailer.set("endpoint-load-metrics-bin", report);
  const recorder = new ServerMetricRecorder();
  recorder.setCpuUtilizationMetric(utilization ?? 0);
  recorder.setQpsMetric(100);
  recorder.addToServer(server);
  type Answer = (error: object | null, reply?: EchoReply, trailer?: Metadata) => void;
  server.addService(
    { say: sayMethod },
    {
      say(_call: unknown, answer: Answer) {
        if (failing) answer({ code: status.UNAVAILABLE, details: `${id} fails` });
        else answer(null, { id, datacenter: id.slice(0, -2) }, trailer);
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    const creds = ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", creds, (error, chosen) => (error ? reject(error) : resolve(chosen)));
  });
  return { id, address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

/** One service with this name, on these backends, with this policy. */
export function policyDocuments(
  name: string,
  backends: readonly ReportingBackend[],
  policy: string,
  split = "",
): string {
  const endpoints = backends.map(({ id, address }) => `{address: "${address}", locality: ${id.slice(0, -2)}/z1}`);
  return `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: ${name}}
spec: {endpoints: [{static: [${endpoints.join(", ")}]}]}
---
apiVersion: weir/v1alpha1
kind: TrafficPolicy
metadata: {name: ${name}}
spec: {targetRefs: [{name: ${name}}], ${policy}}
${split === "" ? "" : `---\napiVersion: weir/v1alpha1\nkind: TrafficSplit\nmetadata: {name: ${name}}\nspec: {service: ${name}, ${split}}\n`}`;
}

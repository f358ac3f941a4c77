import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { createReportClient } from "../../report-service/src/client.ts";
import { makeFolder } from "../kit/folder.ts";
import { type ReportServer, startReportServer } from "../kit/report-server.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";

const parent = "tenants/acme";
const smallKinds = fileURLToPath(new URL("../../report-service/testdata/kinds", import.meta.url));

const documents = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec: {protocol: GRPC, hosts: [report], endpoints: [{registry: {}}]}
---
apiVersion: weir/v1alpha1
kind: TrafficPolicy
metadata: {name: report}
spec:
  targetRefs: [{name: report}]
  loadBalancer:
    type: WeightedRoundRobin
    weightedRoundRobin: {blackoutPeriod: 1s, weightUpdatePeriod: 1s}
`;

test("with load reports a report server that is busy with something else gets fewer calls than the others", async (t) => {
  await using started = new AsyncDisposableStack();
  const weir = started.use(await startWeir({ documents: { "report.yaml": documents } }));
  const shared = started.use(await makeFolder("reports"));
  const start = async (id: string, roles: string): Promise<ReportServer> =>
    started.use(
      await startReportServer({
        ...{ data: shared.path, id, kinds: smallKinds },
        flags: [
          ...["--roles", roles, "--service", "report", "--registry", `http://${weir.admin}`],
          ...["--load-reports", "calls", "--tenant-rate", "1000000/1000000"],
        ],
      }),
    );
  const [busy] = [await start("busy", "reports,results,worker,writer"), await start("calm", "results")];
  const direct = started.use(createReportClient(busy.address, credentials.createInsecure()));
  const report = { kind: "reportKinds/wide", parameters: { rows: 1 } };
  const requests = Array.from({ length: 500 }, () => ({ report, requestId: crypto.randomUUID() }));
  await direct.batchCreateReports({ parent, requests }, { timeoutMs: 30_000 });

  const edge = started.use(await startEdge(weir));
  const target = await edge.listener("edge");
  const options = { "grpc.default_authority": "report" };
  const client = started.use(createReportClient(target, credentials.createInsecure(), options));
  const share = async () => {
    const counts = { busy: 0, calm: 0 };
    for (let call = 0; call < 100; call += 1) {
      const { by } = await client.listReports({ parent, pageSize: 1 }, { timeoutMs: 10_000 });
      counts[by.server === "busy" ? "busy" : "calm"] += 1;
    }
    t.diagnostic(JSON.stringify(counts));
    return counts.busy / 100;
  };
  await until(async () => (await share()) > 0, { within: 20_000, what: "both servers answer through Envoy" });

  // Pages of the most reports hold the event loop of one of them, past Envoy.
  let over = false;
  const holding = Array.from({ length: 4 }, async () => {
    while (!over) await direct.listReports({ parent, pageSize: 500 }, { timeoutMs: 30_000 });
  });
  await until(async () => (await share()) <= 1 / 3, { within: 40_000, what: "the busy one gets a third at most" });
  over = true;
  await Promise.all(holding);
});

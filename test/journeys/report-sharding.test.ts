import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { createReportClient, type ReportClient, reportNameOf } from "../../report-service/src/client.ts";
import { makeFolder } from "../kit/folder.ts";
import { reportDocuments } from "../kit/report-documents.ts";
import { type ReportServer, startReportServer } from "../kit/report-server.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";

const watchers = 300;
const smallKinds = fileURLToPath(new URL("../../report-service/testdata/kinds", import.meta.url));

const documents = reportDocuments("[{registry: {}}]");

test("300 watchers are shared out evenly; those of a killed replica move, and nobody misses or repeats an event", async (t) => {
  await using scene = await startScene();
  const names = await createReports(scene.client);
  const watches: Watch[] = [];
  for (const name of names) {
    watches.push(watch(scene.client, name));
    // Envoy counts a stream once its connection is there: of a thousand that come in one instant, it knows of none.
    if (watches.length % 20 === 0) await until(() => watches.every(hasBegun), { within: 30_000, what: "all watch" });
  }
  const before = countBy(watches.map(({ servers }) => servers[0] ?? ""));
  t.diagnostic(`watchers by replica: ${[...before].map(([server, count]) => `${server} ${count}`).join(", ")}`);
  const even = watchers / scene.results.length;
  assert.equal(before.size, scene.results.length);
  for (const [server, count] of before) assert.ok(Math.abs(count - even) <= 0.15 * even, `${server}: ${count}`);

  // In the middle of it: some reports have ended, some have begun, some wait.
  await using _worker = await scene.startWorker();
  const ended = () => watches.filter(({ sequences }) => sequences.length >= 3).length;
  await until(() => ended() >= watchers / 10, { within: 60_000, what: "the first reports ended" });
  const [killed] = scene.results;
  assert.ok(killed);
  const unendedThere = watches.filter(({ servers, isOver }) => servers.at(-1) === killed.id && !isOver()).length;
  await killed.process.stop("SIGKILL");
  await Promise.all(watches.map(({ over }) => over));

  const moved = watches.filter(({ servers }) => servers.length > 1);
  t.diagnostic(`${unendedThere} watched at the killed replica, ${moved.length} moved`);
  assert.ok(moved.length > 0);
  for (const { name, servers } of moved)
    assert.equal(servers[0], killed.id, `${name} moved from ${servers.join(" to ")}`);
  for (const { servers } of moved) assert.notEqual(servers.at(-1), killed.id);
  for (const { name, sequences } of watches) {
    assert.deepEqual(
      sequences,
      Array.from({ length: sequences.length }, (_, index) => index + 1),
      name,
    );
    assert.ok(sequences.length >= 3, `${name}: queued, running, succeeded`);
  }
});

/** Weir, an Envoy, three replicas of `results`, and one server of `reports`; the worker comes later. */
async function startScene() {
  await using started = new AsyncDisposableStack();
  const weir = started.use(await startWeir({ documents: { "report.yaml": documents } }));
  const shared = started.use(await makeFolder("reports"));
  const start = (id: string, roles: string, service = "report"): Promise<ReportServer> =>
    startReportServer({
      data: shared.path,
      id,
      kinds: smallKinds,
      flags: ["--roles", roles, "--service", service, "--registry", `http://${weir.admin}`, "--registry-lease", "2s"],
    });
  started.use(await start("reports-1", "reports"));
  const results = await Promise.all([1, 2, 3].map((index) => start(`results-${index}`, "results", "report-result")));
  for (const server of results) started.use(server);
  const edge = started.use(await startEdge(weir));
  const target = await edge.listener("edge");
  const client = started.use(
    createReportClient(target, credentials.createInsecure(), { "grpc.default_authority": "report" }),
  );
  const knowsAll = async () => (await edge.clusters()).filter(({ healthy }) => healthy).length >= 4;
  await until(knowsAll, { within: 20_000, what: "Envoy knows all servers" });
  const running = started.move();
  return {
    client,
    results,
    startWorker: () => start("worker-1", "worker,writer"),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function createReports(client: ReportClient): Promise<readonly string[]> {
  const parent = "tenants/acme";
  const requests = Array.from({ length: watchers }, () => ({
    report: { kind: "reportKinds/wide", parameters: { rows: 1 } },
    requestId: crypto.randomUUID(),
  }));
  const { value } = await client.batchCreateReports({ parent, requests }, { timeoutMs: 30_000 });
  assert.deepEqual(value.failedRequests, {});
  return value.operations.map(reportNameOf);
}

type Watch = ReturnType<typeof watch>;

function hasBegun({ sequences }: Watch): boolean {
  return sequences.length > 0;
}

/** Follows one report to its end: what it has seen, and which servers gave it. */
function watch(client: ReportClient, name: string) {
  const [sequences, servers]: [number[], string[]] = [[], []];
  let isOver = false;
  const onAnswer = ({ server }: { readonly server: string }) => void (server !== "" && servers.push(server));
  const over = (async () => {
    for await (const { sequence } of client.followReport(name, 0n, { onAnswer, timeoutMs: 120_000 })) {
      sequences.push(Number(sequence));
    }
    isOver = true;
  })();
  // Awaited at the end; what fails before that is to be told first.
  over.catch(() => undefined);
  return { name, sequences, servers, over, isOver: () => isOver };
}

function countBy(servers: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const server of servers) counts.set(server, (counts.get(server) ?? 0) + 1);
  return counts;
}

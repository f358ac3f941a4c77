import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, types } from "cassandra-driver";
import { lacksTwoCenters, startCassandra } from "../../../test/kit/cassandra.ts";
import { until } from "../../../test/kit/wait.ts";
import { claimant, create, report, request } from "../../test/contract/place.ts";
import type { ReportKey } from "../model/names.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { openCassandraStore } from "./open-store.ts";
import type { CassandraSettings } from "./settings.ts";

const generous = { within: 60_000, everyMs: 100 };

test("when a data center dies, the other one has what it finished and goes on with what it began", {
  skip: lacksTwoCenters,
}, async () => {
  await using cluster = await startCassandra(["dc-a", "dc-b"]);
  const [nodeA, nodeB] = cluster.nodes;
  assert.ok(nodeA && nodeB);
  const settings = (datacenter: string, address: string): CassandraSettings => ({
    contactPoints: [address],
    ...{ keyspace: "reports", datacenter, replication: { "dc-a": 1, "dc-b": 1 }, serial: "local", timeoutMs: 20_000 },
  });
  await using here = await openCassandraStore(settings("dc-a", nodeA.address));
  await using there = await openCassandraStore(settings("dc-b", nodeB.address));
  await create(here.reports, report("done", 1));
  await create(here.reports, report("begun", 2), { request });
  await create(here.reports, report("waiting", 3));
  await here.queue.claim(claimant, 2, 10);
  await here.reports.change(report("done", 1), { kind: "succeed", attempt: 1, artifacts: [] }, 20);

  const seen = async (id: string) => (await there.reports.read(report(id, 1)))?.status.kind;
  await until(async () => (await seen("done")) === "succeeded", { ...generous, what: "dc-b has the finished report" });
  await until(async () => (await seen("begun")) === "running", { ...generous, what: "dc-b has the running report" });
  await until(async () => (await there.queue.length()).queued === 1, { ...generous, what: "dc-b has what waits" });

  await nodeA.kill();
  await assert.rejects(here.reports.read(report("done", 1)), StoreUnavailable);

  assert.equal(await seen("done"), "succeeded");
  const elsewhere = { ...claimant, worker: "other", datacenter: "dc-b" };
  const taken = await there.queue.claim(elsewhere, 5, 1_010);
  assert.deepEqual(
    taken.map(({ id, attempts }) => [id, attempts.length, attempts.at(-1)?.datacenter]),
    [
      ["begun", 2, "dc-b"],
      ["waiting", 1, "dc-b"],
    ],
  );
  // Who asks again with the same request id is answered by the same report.
  assert.equal((await create(there.reports, report("again", 30), { request })).kind, "repeated");

  // What it missed is repaired before its servers write again, as docs/report-service/cassandra.md tells: here by reading it
  // from all replicas, as `nodetool repair` compares everything.
  await nodeA.start();
  const repaired = () => readFromAll(nodeB.address, "dc-b", report("begun", 2));
  await until(repaired, { ...generous, what: "all replicas have answered" });
  const isBack = () => here.reports.read(report("begun", 2));
  await until(isBack, { ...generous, what: "dc-a's server is connected again" });
  const late = await here.reports.change(report("begun", 2), { kind: "succeed", attempt: 1, artifacts: [] }, 40);
  assert.ok(late?.kind === "refused" && late.why === "fenced", JSON.stringify(late));
});

async function readFromAll(contactPoint: string, localDataCenter: string, { tenant, id }: ReportKey): Promise<boolean> {
  const client = new Client({ contactPoints: [contactPoint], localDataCenter, keyspace: "reports" });
  try {
    const all = { prepare: true, consistency: types.consistencies.all };
    await client.execute("select * from reports where tenant = ? and id = ?", [tenant, id], all);
    return true;
  } finally {
    await client.shutdown();
  }
}

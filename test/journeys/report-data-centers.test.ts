import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { credentials, status } from "@grpc/grpc-js";
import { Format, type Report, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import {
  createReportClient,
  ReportCallError,
  type ReportClient,
  reportNameOf,
} from "../../report-service/src/client.ts";
import { makeFolder } from "../kit/folder.ts";
import { lacksPostgres, type PostgresServer, startPostgres } from "../kit/postgres.ts";
import { startReportServer } from "../kit/report-server.ts";
import { until } from "../kit/wait.ts";

const kinds = fileURLToPath(new URL("../../report-service/testdata/kinds", import.meta.url));
const parent = "tenants/acme";
const slowRows = 400_000_000;

test("a data center dies: the other one reads what it finished and takes over the rest, and nothing is lost or doubled", {
  skip: lacksPostgres,
}, async (t) => {
  await using scene = await startScene();
  const { a, b, primaryA, replicaOfA, replicaOfB } = scene;
  const orders = new Map<string, string>();
  const order = async (client: ReportClient, kind: string, rows: number, requestId: string = crypto.randomUUID()) => {
    const report = { kind: `reportKinds/${kind}`, parameters: { rows } };
    const name = reportNameOf((await client.createReport({ parent, report, requestId }, { timeoutMs: 20_000 })).value);
    const before = orders.get(requestId);
    assert.ok(before === undefined || before === name, `${requestId} made ${before} and ${name}`);
    orders.set(requestId, name);
    return name;
  };

  const finished = await Promise.all(Array.from({ length: 10 }, (_, rows) => order(a.client, "wide", rows)));
  for (const name of finished) assert.equal((await a.client.waitForEnd(name)).state, State.SUCCEEDED);
  const ofB = await order(b.client, "wide", 3);
  // Both workers of dc-a are at it when it dies.
  const running = await Promise.all([1, 2].map((more) => order(a.client, "slow", slowRows + more)));
  for (const name of running) await untilRunning(a.client, name);
  // Each data center sees the other one's, at once or soon.
  await until(async () => (await a.client.getReport(ofB)).value.state === State.SUCCEEDED, soon("dc-a sees dc-b's"));
  await until(async () => (await listAll(b.client)).length === 13, soon("dc-b lists all"));

  const unsure: { readonly requestId: string; readonly rows: number }[] = [];
  let isDead = false;
  const load = (async () => {
    for (let rows = 1_000; !isDead; rows += 1) {
      const requestId = crypto.randomUUID();
      await order(a.client, "wide", rows, requestId).catch(() => unsure.push({ requestId, rows }));
    }
  })();
  await until(() => orders.size >= 60, soon("dc-a is loaded"));
  await Promise.all([a.server().process.stop("SIGKILL"), primaryA.kill(), replicaOfB.kill()]);
  isDead = true;
  await load;
  const accepted = [...orders.values()];

  // dc-b works on.
  const slowest = await slowestOf(10, () => order(b.client, "wide", 5));
  t.diagnostic(`${accepted.length} accepted, ${unsure.length} unanswered; slowest create of dc-b: ${slowest} ms`);
  assert.ok(slowest < 5_000);
  for (const name of finished) {
    const { state, homeDatacenter } = (await b.client.getReport(name)).value;
    assert.deepEqual([state, homeDatacenter], [State.SUCCEEDED, "dc-a"]);
    assert.ok((await b.client.fetchReport(name, Format.CSV)).length > 0);
  }
  const [first] = running;
  assert.ok(first);
  const refused = await b.client.cancelReport({ name: first }).catch((error: unknown) => error);
  assert.ok(refused instanceof ReportCallError, "nobody takes changes of dc-a's reports");
  assert.deepEqual([refused.code, refused.reason], [status.UNAVAILABLE, "HOME_DATACENTER_UNAVAILABLE"]);
  // Who got no answer asks again, elsewhere: either dc-a has made it, and the replica knows, or dc-b makes it.
  for (const { requestId, rows } of unsure) await order(b.client, "wide", rows, requestId);

  const promotedMs = performance.now();
  replicaOfA.promote();
  const ends = await Promise.all(accepted.map((name) => b.client.waitForEnd(name, { timeoutMs: 90_000 })));
  t.diagnostic(`all have ended ${Math.round(performance.now() - promotedMs)} ms after the promotion`);
  for (const report of ends) assert.equal(report.state, State.SUCCEEDED, report.name);
  const attemptsOf = ({ attempts }: Report) => attempts.map(({ number, datacenter }) => `${number} ${datacenter}`);
  for (const report of ends.filter(({ name }) => running.includes(name)))
    assert.deepEqual(attemptsOf(report), ["1 dc-a", "2 dc-b"]);
  const takenOver = ends.filter(({ attempts }) => attempts.at(-1)?.datacenter === "dc-b").length;
  t.diagnostic(`${takenOver} were made in dc-b`);
  assert.ok(takenOver >= running.length);

  // What was asked of dc-b in the meantime, too: no state changes any more.
  for (const name of orders.values()) await b.client.waitForEnd(name, { timeoutMs: 90_000 });

  // dc-a comes back: its old primary as a standby of the promoted one, its replica of dc-b as it was.
  const before = await listAll(b.client);
  await Promise.all([primaryA.rejoin(replicaOfA), replicaOfB.start()]);
  await a.restart();
  const later = await order(a.client, "wide", 77);
  assert.equal((await a.client.waitForEnd(later)).state, State.SUCCEEDED);
  await until(async () => (await b.client.getReport(later)).value.state === State.SUCCEEDED, soon("dc-b sees it"));
  const after = await until(async () => {
    const all = await listAll(a.client);
    return all.length === before.length + 1 && all;
  }, soon("dc-a lists all"));
  assert.deepEqual(after.filter(({ name }) => name !== later).map(inShort), before.map(inShort));
  assert.equal(new Set(after.map(({ name }) => name)).size, new Set(orders.values()).size);
  for (const [requestId, name] of [...orders].slice(-3)) {
    const report = (await b.client.getReport(name)).value;
    const rows = Number(report.parameters?.["rows"]);
    assert.equal(await order(b.client, "wide", rows, requestId), name, "a request id is remembered");
  }
});

/** Two data centers: in each a Postgres that is replicated into the other one, and a report server of both workers. */
async function startScene() {
  await using starting = new AsyncDisposableStack();
  const options = { checksums: true };
  const [primaryA, primaryB] = await Promise.all([startPostgres(options), startPostgres(options)]);
  starting.use(primaryA);
  starting.use(primaryB);
  const replicaOfA = starting.use(await primaryA.standby("in_dc_b"));
  const replicaOfB = starting.use(await primaryB.standby("in_dc_a"));
  // What may not get lost is in the other data center before it is answered.
  await synchronous(primaryA, "in_dc_b");
  const data = starting.use(await makeFolder("data-centers"));
  const url = (one: PostgresServer, two: PostgresServer) => `postgres://weir@${one.host},${two.host}/postgres`;
  const start = (datacenter: string, flags: readonly string[]) =>
    startReportServer({
      ...{ data: data.path, id: `report-${datacenter}`, locality: `${datacenter}/z1`, kinds },
      flags: ["--concurrency", "sql=2", "--languages", "sql", "--job-lease", "2s", ...flags],
    });
  const flagsA = ["--store", url(primaryA, replicaOfA), "--peer", `dc-b=${url(replicaOfB, primaryB)}`];
  const flagsB = ["--store", url(primaryB, replicaOfB), "--peer", `dc-a=${url(replicaOfA, primaryA)}`];
  const servers = await Promise.all([start("dc-a", flagsA), start("dc-b", flagsB)]);
  for (const server of servers) starting.use(server);
  let [serverA, serverB] = servers as [(typeof servers)[number], (typeof servers)[number]];
  const clientOf = (address: string) => starting.use(createReportClient(address, credentials.createInsecure()));
  const a = {
    client: clientOf(serverA.address),
    server: () => serverA,
    async restart() {
      serverA = running.use(await start("dc-a", flagsA));
      a.client = running.use(createReportClient(serverA.address, credentials.createInsecure()));
    },
  };
  const b = { client: clientOf(serverB.address) };
  const running = starting.move();
  return { a, b, primaryA, primaryB, replicaOfA, replicaOfB, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function synchronous(primary: PostgresServer, standby: string): Promise<void> {
  primary.sql(`alter system set synchronous_standby_names = 'ANY 1 (${standby})'`);
  primary.sql("select pg_reload_conf()");
  const state = () => primary.sql("select sync_state from pg_stat_replication") === "quorum";
  await until(state, soon(`${standby} is synchronous`));
}

async function untilRunning(client: ReportClient, name: string): Promise<void> {
  await until(async () => (await client.getReport(name)).value.state === State.RUNNING, soon(`${name} runs`));
}

async function listAll(client: ReportClient): Promise<readonly Report[]> {
  const all: Report[] = [];
  for (let pageToken = ""; ; ) {
    // Pages that end in the middle of what data centers have made at one time.
    const { reports, nextPageToken } = (await client.listReports({ parent, pageSize: 7, pageToken })).value;
    all.push(...reports);
    if (nextPageToken === "") return all;
    pageToken = nextPageToken;
  }
}

async function slowestOf(times: number, work: () => Promise<unknown>): Promise<number> {
  let slowest = 0;
  for (let time = 0; time < times; time += 1) {
    const startedMs = performance.now();
    await work();
    slowest = Math.max(slowest, performance.now() - startedMs);
    await delay(0);
  }
  return Math.round(slowest);
}

function inShort({ name, state, etag, attempts }: Report): string {
  return `${name} ${state} ${etag} after ${attempts.length}`;
}

function soon(what: string) {
  return { within: 30_000, what };
}

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Format, type Report, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import type { ReportClient } from "@weir/report-service/src/client.ts";
import { all, failure, untilState } from "@weir/report-service/test/calls.ts";
import { assertBytes, assertEndedOnce, attemptsOf, createOrders, listAll, parent } from "../data-centers/orders.ts";
import { type Site, startSites } from "../data-centers/sites.ts";
import { lacksPostgres } from "../kit/postgres.ts";
import type { ReportServer } from "../kit/report-server.ts";
import { lacksS3 } from "../kit/s3.ts";
import { until } from "../kit/wait.ts";

const slowRows = 400_000_000;
const csv = Buffer.from("region,target\neu,7\n");

test("a data center dies with its objects: the other one reads what it finished and takes over the rest, and nothing is lost or doubled", {
  skip: lacksPostgres || (lacksS3 ?? false),
}, async (t) => {
  await using scene = await startScene();
  const { sites, serverA, serverB, b } = scene;
  let { a } = scene;
  const orders = createOrders();

  const finished = await Promise.all(Array.from({ length: 10 }, (_, rows) => orders.place(a, { kind: "wide", rows })));
  for (const name of finished) assert.equal((await a.waitForEnd(name)).state, State.SUCCEEDED);
  const ofB = await orders.place(b, { kind: "wide", rows: 3 });
  const copied = await a.upload({ parent, mediaType: "text/csv" }, csv);
  // Each data center sees the other one's, at once or soon.
  await until(async () => (await a.getReport(ofB)).value.state === State.SUCCEEDED, soon("dc-a sees dc-b's"));
  await until(async () => (await listAll(b)).length === 11, soon("dc-b lists all"));
  for (const name of finished) await until(() => isThere(b, name), soon(`dc-b has the bytes of ${name}`));
  const ofCopied = await orders.place(b, { kind: "copied", uploads: [copied] });
  assert.equal((await b.waitForEnd(ofCopied)).state, State.SUCCEEDED);

  // By itself dc-b sees how far its objects are behind: 0, or a moment where another file of a report is on its way.
  assert.match(await metricsOf(serverB), /^report_objects_behind_seconds\{datacenter="dc-a"\} \d/m);

  // The replication of objects is behind when dc-a dies: one report, one upload that is complete, and one that is not.
  sites.replication.freeze();
  const late = await orders.place(a, { kind: "wide", rows: 11 });
  assert.equal((await a.waitForEnd(late)).state, State.SUCCEEDED);
  const lateUpload = await a.upload({ parent, mediaType: "text/csv" }, csv);
  const sent = await sendUpload(a);
  // Both workers of dc-a are at it when it dies.
  const running = await Promise.all([1, 2].map((more) => orders.place(a, { kind: "slow", rows: slowRows + more })));
  for (const name of running) await untilState(a, name, State.RUNNING);
  const ofLate = await orders.place(a, { kind: "copied", uploads: [lateUpload] });

  const load = orders.keepPlacing(a);
  await until(() => orders.accepted.size >= 60, soon("dc-a is loaded"));
  const { primary, replicaOfOther, objects } = sites.a;
  await Promise.all([serverA.process.stop("SIGKILL"), primary.kill(), replicaOfOther.kill(), objects.stop()]);
  await load;
  const accepted = [...orders.accepted.values()];

  // dc-b works on.
  const slowest = await slowestOf(10, () => orders.place(b, { kind: "wide", rows: 5 }));
  t.diagnostic(
    `${accepted.length} accepted, ${orders.unanswered.length} unanswered; slowest create of dc-b: ${slowest} ms`,
  );
  assert.ok(slowest < 5_000);
  for (const name of finished) {
    const report = (await b.getReport(name)).value;
    assert.deepEqual([report.state, report.homeDatacenter], [State.SUCCEEDED, "dc-a"]);
    await assertBytes(b, report);
  }
  await saysUnavailable(b.getDownloadUrl({ name: late, format: Format.CSV }), "ARTIFACT_NOT_HERE_YET");
  await saysUnavailable(all(b.streamReport({ name: late, format: Format.CSV })), "ARTIFACT_NOT_HERE_YET");
  const [first = ""] = running;
  await saysUnavailable(b.cancelReport({ name: first }), "HOME_DATACENTER_UNAVAILABLE");
  await saysUnavailable(b.completeUpload(sent), "HOME_DATACENTER_UNAVAILABLE");
  // Nobody can say that there is no such report of dc-a.
  await saysUnavailable(b.getReport(`${late.slice(0, -4)}zzzz`), "HOME_DATACENTER_UNAVAILABLE");
  // Who got no answer asks again, elsewhere: either dc-a has made it, and the replica knows, or dc-b makes it.
  for (const order of orders.unanswered) await orders.place(b, order);

  const promotedMs = performance.now();
  sites.b.replicaOfOther.promote();
  const taken = accepted.filter((name) => name !== ofLate);
  const ends = await Promise.all(taken.map((name) => b.waitForEnd(name, { timeoutMs: 90_000 })));
  t.diagnostic(`all have ended ${Math.round(performance.now() - promotedMs)} ms after the promotion`);
  for (const report of ends) assert.equal(report.state, State.SUCCEEDED, report.name);
  for (const report of ends.filter(({ name }) => running.includes(name)))
    assert.deepEqual(attemptsOf(report), ["1 dc-a", "2 dc-b"]);
  const takenOver = ends.filter(({ attempts }) => attempts.at(-1)?.datacenter === "dc-b").length;
  t.diagnostic(`${takenOver} were made in dc-b`);
  assert.ok(takenOver >= running.length);
  await saysUnavailable(b.completeUpload(sent), "UPLOAD_NOT_HERE_YET");
  assert.equal((await failure(b.getReport(`${late.slice(0, -4)}zzzz`))).code, status.NOT_FOUND);
  const waiting = await until(async () => {
    const { value } = await b.getReport(ofLate);
    return value.attempts.some(({ error }) => error) && value;
  }, soon("a report is put off whose upload is not here"));
  assert.match(waiting.attempts[0]?.error?.message ?? "", /were sent to dc-a and are not in dc-b yet/);

  // What was asked of dc-b in the meantime, too: no state changes any more.
  for (const name of orders.accepted.values()) if (name !== ofLate) await b.waitForEnd(name, { timeoutMs: 90_000 });

  // dc-a comes back: its old primary as a standby of the promoted one, its replica of dc-b and its objects as they were.
  const before = await listAll(b);
  await Promise.all([primary.rejoin(sites.b.replicaOfOther), replicaOfOther.start(), objects.start()]);
  sites.replication.thaw();
  a = await scene.restartA();
  const later = await orders.place(a, { kind: "wide", rows: 77 });
  assert.equal((await a.waitForEnd(later)).state, State.SUCCEEDED);
  await until(async () => (await b.getReport(later)).value.state === State.SUCCEEDED, soon("dc-b sees it"));
  const after = await until(async () => {
    const listed = await listAll(a);
    return listed.length === before.length + 1 && listed;
  }, soon("dc-a lists all"));
  const unchanged = (reports: readonly Report[]) =>
    reports.filter(({ name }) => name !== later && name !== ofLate).map(inShort);
  assert.deepEqual(unchanged(after), unchanged(before));
  assert.equal(new Set(after.map(({ name }) => name)).size, new Set(orders.accepted.values()).size);
  for (const [requestId, name] of [...orders.accepted].slice(-3)) {
    const rows = Number((await b.getReport(name)).value.parameters?.["rows"]);
    assert.equal(await orders.place(b, { kind: "wide", rows, requestId }), name, "a request id is remembered");
  }
  // With what had not been copied everything is as if dc-a had never been away, seen from either.
  await until(() => isThere(b, late), soon("what was late is copied"));
  assert.equal((await b.waitForEnd(ofLate, { timeoutMs: 90_000 })).state, State.SUCCEEDED);
  assert.equal((await b.completeUpload(sent)).value.complete, true);
  for (const name of [...finished, late, ...running, ofLate, later]) await assertEndedOnce(b, name);
  await until(() => sites.replication.agrees(), soon("both object stores have the same"));
  for (const name of [...finished, ...running]) await assertEndedOnce(a, name);
});

/** Two data centers, each with a report server that does everything. */
async function startScene() {
  await using starting = new AsyncDisposableStack();
  const sites = starting.use(await startSites());
  const start = (site: Site) =>
    site.start(`report-${site.name}`, ["--concurrency", "sql=2", "--languages", "sql", "--metrics", "127.0.0.1:0"]);
  const [serverA, serverB] = await Promise.all([start(sites.a), start(sites.b)]);
  const running = starting.move();
  return {
    ...{ sites, serverA, serverB, a: sites.clientOf(serverA), b: sites.clientOf(serverB) },
    restartA: async () => sites.clientOf(await start(sites.a)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function metricsOf({ metrics }: ReportServer): Promise<string> {
  return (await fetch(`http://${metrics}/metrics`)).text();
}

/** An upload whose bytes were sent, and that nobody has completed yet. */
async function sendUpload(client: ReportClient): Promise<string> {
  const sha256 = createHash("sha256").update(csv).digest("hex");
  const announced = { parent, mediaType: "text/csv", sizeBytes: BigInt(csv.length), sha256 };
  const { name, putUrl, headers } = (await client.createUpload(announced)).value;
  assert.equal((await fetch(putUrl, { method: "PUT", headers, body: csv })).status, 200);
  return name;
}

async function isThere(client: ReportClient, name: string): Promise<boolean> {
  return client.getDownloadUrl({ name, format: Format.CSV }).then(() => true);
}

/** The one kind of error that clients may wait out: with a reason, and when to ask again. */
async function saysUnavailable(call: Promise<unknown>, reason: string): Promise<void> {
  const error = await failure(call);
  assert.deepEqual([error.code, error.reason], [status.UNAVAILABLE, reason]);
  assert.ok((error.retryAfterMs ?? 0) > 0, `${reason} says when to try again`);
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

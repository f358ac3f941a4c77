import assert from "node:assert/strict";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { Format, type Report, type ReportEvent, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { hasEnded, type ReportClient } from "@weir/report-service/src/client.ts";
import { createKafkaResults } from "@weir/report-service/src/kafka/results-queue.ts";
import { failure, untilState } from "@weir/report-service/test/calls.ts";
import { type Kafka, lacksKafka, startKafka } from "../kit/kafka.ts";
import { startMirrorMaker } from "../kit/mirror-maker.ts";
import { lacksPostgres } from "../kit/postgres.ts";
import type { ReportServer } from "../kit/report-server.ts";
import { lacksS3 } from "../kit/s3.ts";
import { inTime, until } from "../kit/wait.ts";
import { assertEndedOnce, attemptsOf, createOrders, listAll, parent } from "./orders.ts";
import { startSites } from "./sites.ts";

const notAsked =
  process.env["WEIR_DATA_CENTERS"] === "all" ? false : "it takes long: npm run test:data-centers runs it";
const skip = lacksPostgres || (lacksS3 ?? false) || lacksKafka || notAsked;
// Two Kafkas, MirrorMaker and four stores, on a machine that may be busy with more.
const patienceMs = 120_000;
const slowRows = 400_000_000;
const csv = Buffer.from("region,target\neu,7\n");

test("a whole data center dies, with reports in every state: each ends once in the other one, as clients that follow it see", {
  skip,
}, async (t) => {
  const phase = phases((said) => t.diagnostic(said));
  await using scene = await startScene();
  const { sites, a, b, either } = scene;
  phase("both data centers run");
  const orders = createOrders();

  // Finished, with their bytes in both data centers.
  const finished = await Promise.all(Array.from({ length: 10 }, (_, rows) => orders.place(a, { kind: "wide", rows })));
  for (const name of finished) assert.equal((await a.waitForEnd(name)).state, State.SUCCEEDED);
  for (const name of finished) await until(() => isThere(b, name), soon(`dc-b has the bytes of ${name}`));
  const upload = await a.upload({ parent, mediaType: "text/csv" }, csv);
  // Made, and their results in Kafka, but not written.
  scene.writer.process.signal("SIGSTOP");
  const made = await Promise.all([20, 21, 22].map((rows) => orders.place(a, { kind: "wide", rows })));
  await until(
    async () => (await scene.mirroredResults()) >= finished.length + made.length,
    soon("results are mirrored"),
  );
  // Running, at both workers; and waiting, one of them for its upload.
  const running = await Promise.all([1, 2].map((more) => orders.place(a, { kind: "slow", rows: slowRows + more })));
  for (const name of running) await untilState(a, name, State.RUNNING);
  const queued = [
    await orders.place(a, { kind: "copied", uploads: [upload] }),
    ...(await Promise.all([30, 31, 32].map((rows) => orders.place(a, { kind: "wide", rows })))),
  ];
  const followed = [...made, ...running, ...queued].map((name) => follow(either, name));
  await Promise.all(followed.map(({ begun }) => begun));
  // And accepted in the moment before.
  const load = orders.keepPlacing(a);
  await until(() => orders.accepted.size >= 60, soon("dc-a is loaded"));
  phase("dc-a has reports in every state");
  const lostAtMs = Date.now();
  await scene.killA();
  await load;
  const accepted = [...orders.accepted.values()];
  t.diagnostic(`${accepted.length} accepted, ${orders.unanswered.length} unanswered`);

  // dc-b works on, reads what was finished, and takes the creates that got no answer.
  for (const name of finished) await assertEndedOnce(b, name);
  const refused = await failure(b.cancelReport({ name: running[0] ?? "" }));
  assert.deepEqual([refused.code, refused.reason], [status.UNAVAILABLE, "HOME_DATACENTER_UNAVAILABLE"]);
  for (const order of orders.unanswered) await orders.place(b, order);
  phase("dc-b has answered for dc-a");

  sites.b.replicaOfOther.promote();
  await scene.standIn();
  const ended = new Map<string, readonly string[]>();
  for (const name of orders.accepted.values()) ended.set(name, attemptsOf(await assertEndedOnce(b, name)));
  phase("every report has ended");
  for (const name of [...finished, ...made]) assert.deepEqual(ended.get(name), ["1 dc-a"], name);
  for (const name of running) assert.deepEqual(ended.get(name), ["1 dc-a", "2 dc-b"], name);
  for (const name of queued) assert.deepEqual(ended.get(name), ["1 dc-b"], name);
  const tookOver = accepted.filter((name) => ended.get(name)?.at(-1)?.endsWith("dc-b")).length;
  t.diagnostic(`${tookOver} of dc-a's were made in dc-b`);

  // Nothing was doubled, and whoever followed a report has seen all of it once, across the loss.
  const listed = (await listAll(b)).map(({ name }) => name);
  assert.deepEqual(listed.toSorted(), [...ended.keys()].toSorted());
  for (const { name, events } of followed) {
    const seen = await inTime(events, patienceMs, () => `the end of following ${name}`);
    const sequences = seen.map(({ sequence }) => Number(sequence));
    const first = sequences[0] ?? 0;
    assert.deepEqual(
      sequences,
      sequences.map((_, index) => first + index),
      name,
    );
    assert.ok(seen.filter(({ report }) => report && hasEnded(report)).length === 1, `${name} ends once`);
  }
  phase("all was compared");

  // dc-a comes back, with its Kafka as it was: messages of reports that have ended, and results that were written long ago.
  const before = (await listAll(b)).map(inShort);
  const back = await scene.bringBack();
  const later = await orders.place(back, { kind: "wide", rows: 77 });
  // In either: as long as dc-a's database is dc-b's to write, its workers take from it, too.
  assert.equal((await assertEndedOnce(back, later)).attempts.length, 1);
  await until(async () => (await scene.resultsLeft()) === 0, soon("dc-a's writer has seen all results"));
  for (const name of [...finished, ...made, ...running, ...queued])
    assert.deepEqual(attemptsOf(await assertEndedOnce(back, name)), ended.get(name), name);
  const after = (await listAll(back)).filter(({ name }) => name !== later);
  assert.deepEqual(after.map(inShort), before, "nothing has changed but what was created since");
  await sites.replication.repeatFrom(lostAtMs - 60_000);
  await until(() => sites.replication.agrees(), soon("both object stores have the same"));
  phase("dc-a is back");
});

/** Two data centers, dc-a's servers with one role or two each, dc-b's with all; each has a Kafka, and dc-a's is mirrored. */
async function startScene() {
  await using starting = new AsyncDisposableStack();
  const [sites, kafkaA, kafkaB] = await Promise.all([
    startSites().then((one) => starting.use(one)),
    startKafka("kafka-a").then((one) => starting.use(one)),
    startKafka("kafka-b").then((one) => starting.use(one)),
  ]);
  const of = (kafka: Kafka, prefix = "") => [
    "--queue",
    `kafka://${kafka.address}?prefix=${prefix}`,
    "--languages",
    "sql",
  ];
  const apart = (roles: string) => ["--roles", roles, "--results", "kafka", ...of(kafkaA), "--concurrency", "sql=2"];
  // One after the other: on a busy machine of few cores all at once would take longer than each of them may.
  const startA = async () => ({
    calls: await sites.a.start("a-calls", apart("reports,results")),
    worker: await sites.a.start("a-worker", apart("worker")),
    writer: await sites.a.start("a-writer", apart("writer,notifier,cleaner")),
  });
  const { calls, worker, writer } = await startA();
  const serverB = await sites.b.start("b-all", [...of(kafkaB), "--concurrency", "sql=2"]);
  let standIn: ReportServer | undefined;
  const from = { name: "dc-a", address: kafkaA.address };
  const to = { name: "dc-b", address: kafkaB.address };
  starting.use(await startMirrorMaker({ from, to, topics: "report\\.(tasks\\..*|results)" }));
  const resultsIn = (kafka: Kafka, prefix: string) =>
    starting.use(
      createKafkaResults({ brokers: [kafka.address], prefix, partitions: 6, replicas: 1 }, "test", () => undefined),
    );
  const [atHome, mirrored] = [resultsIn(kafkaA, ""), resultsIn(kafkaB, "dc-a.")];
  const running = starting.move();
  const [a, b] = [sites.clientOf(calls), sites.clientOf(serverB)];
  return {
    ...{ sites, writer, a, b, either: sites.clientOf(calls, serverB) },
    mirroredResults: async () => (await mirrored.length()).waiting,
    /** What dc-a's own servers did beside making reports, by the mirror of what its workers had made. */
    async standIn() {
      const roles = ["--roles", "writer,notifier,cleaner", "--results", "kafka", ...of(kafkaB, "dc-a.")];
      standIn = await sites.b.start("a-stand-in", roles, { insteadOf: sites.a });
    },
    async killA() {
      const { primary, replicaOfOther, objects } = sites.a;
      const processes = [calls, worker, writer].map((server) => server.process.stop("SIGKILL"));
      await Promise.all([...processes, primary.kill(), replicaOfOther.kill(), objects.stop(), kafkaA.stop("SIGKILL")]);
    },
    /** Its database as a standby of the promoted one; all else as it was. Answers a client of it. */
    async bringBack() {
      const { primary, replicaOfOther, objects } = sites.a;
      const parts = [primary.rejoin(sites.b.replicaOfOther), replicaOfOther.start(), objects.start(), kafkaA.start()];
      await Promise.all([...parts, standIn?.process.stop()]);
      return sites.clientOf((await startA()).calls);
    },
    /** In dc-a's Kafka. */
    resultsLeft: async () => (await atHome.length()).waiting,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Follows a report over whichever server answers; `begun` once it has seen something of it. */
function follow(client: ReportClient, name: string) {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const events = (async () => {
    const seen: ReportEvent[] = [];
    for await (const event of client.followReport(name)) {
      seen.push(event);
      resolve();
    }
    return seen;
  })();
  // Where the test fails before it looks at them, that is what is to be seen, and not that their client was closed.
  events.catch(() => undefined);
  return { name, begun, events };
}

async function isThere(client: ReportClient, name: string): Promise<boolean> {
  return client.getDownloadUrl({ name, format: Format.CSV }).then(() => true);
}

/** Says how long each phase took. */
function phases(say: (said: string) => void): (what: string) => void {
  let sinceMs = performance.now();
  return (what) => {
    const nowMs = performance.now();
    say(`${what}, after ${Math.round(nowMs - sinceMs)} ms`);
    sinceMs = nowMs;
  };
}

function inShort({ name, state, etag, attempts }: Report): string {
  return `${name} ${state} ${etag} after ${attempts.length}`;
}

function soon(what: string) {
  return { within: patienceMs, what };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report } from "../../report-service/src/model/report.ts";
import { connectBroker, connectServer, openSqliteDatabase } from "../../report-service/test/contract/broker-place.ts";
import { type Connected, claimant, report, roomy } from "../../report-service/test/contract/place.ts";
import { lacksKafka, noLongTests, startKafka } from "../kit/kafka.ts";
import { startMirrorMaker } from "../kit/mirror-maker.ts";
import { until } from "../kit/wait.ts";

const patienceMs = 120_000;
// So that messages alone lead to reports.
const looks = { idleMs: Number.POSITIVE_INFINITY, busyMs: Number.POSITIVE_INFINITY };

test("what waits in a data center is mirrored to another one, whose workers take it over when the first one is lost", {
  skip: lacksKafka || noLongTests,
}, async (t) => {
  await using places = new AsyncDisposableStack();
  const [kafkaA, kafkaB] = await Promise.all([startKafka("kafka-a"), startKafka("kafka-b")]);
  places.use(kafkaA);
  places.use(kafkaB);
  // The store of both: what Postgres with a replica, or Cassandra, is between data centers.
  const { address: store } = places.use(await openSqliteDatabase());
  const broker = (at: string, prefix: string) =>
    connectBroker({ kind: "kafka", at, prefix }, ({ kind, ...note }) =>
      t.diagnostic(`${kind} ${JSON.stringify(note)}`),
    );

  const serverA = places.use(await connectServer(store, broker(kafkaA.address, ""), { looks }));
  await serverA.queue.claim(claimant, 0, 0);
  const ids = Array.from({ length: 100 }, (_, index) => `r${index}`);
  await serverA.reports.create(
    ids.map((id, index) => ({ report: report(id, index) })),
    roomy,
  );
  const inA = await claimAll(serverA, 40);
  places.use(
    await startMirrorMaker({
      from: { name: "dc-a", address: kafkaA.address },
      to: { name: "dc-b", address: kafkaB.address },
      topics: "report\\.tasks\\..*",
    }),
  );

  // MirrorMaker puts the first cluster's name in front: that is the prefix of the second one's workers.
  const observer = places.use(broker(kafkaB.address, "dc-a."));
  const mirrored = () => observer.lag({ cluster: "sql", priority: "standard" });
  await until(async () => (await mirrored()) >= 100, { within: patienceMs, what: "all messages in the other Kafka" });
  await kafkaA.stop("SIGKILL");

  const serverB = places.use(await connectServer(store, broker(kafkaB.address, "dc-a."), { looks }));
  const inB = await claimAll(serverB, 60);
  const claimed = [...inA, ...inB].map(({ id }) => String(id));
  assert.deepEqual(claimed.toSorted(), ids.toSorted());
  assert.ok(inB.every(({ attempts }) => attempts.length === 1));
});

test("a message is in the other data center soon after it was published", {
  skip: lacksKafka || noLongTests,
}, async (t) => {
  await using places = new AsyncDisposableStack();
  const [kafkaA, kafkaB] = await Promise.all([startKafka("kafka-a"), startKafka("kafka-b")]);
  places.use(kafkaA);
  places.use(kafkaB);
  const ignore = () => undefined;
  const source = places.use(connectBroker({ kind: "kafka", at: kafkaA.address, prefix: "" }, ignore));
  const target = places.use(connectBroker({ kind: "kafka", at: kafkaB.address, prefix: "dc-a." }, ignore));
  const lane = { cluster: "sql", priority: "standard" } as const;
  const publish = (id: string) => source.publish([{ ...report(id, 1), ...lane }]);
  await publish("first");
  const dcA = { name: "dc-a", address: kafkaA.address };
  const dcB = { name: "dc-b", address: kafkaB.address };
  places.use(await startMirrorMaker({ from: dcA, to: dcB, topics: "report\\.tasks\\..*" }));
  await until(async () => (await target.lag(lane)) >= 1, { within: patienceMs, what: "the topic in the other Kafka" });

  const leaving = new AbortController();
  const arrivals = new Map<string, () => void>();
  const receiving = (async () => {
    for await (const { waiting, done } of target.receive(lane, leaving.signal)) {
      done();
      arrivals.get(waiting.id)?.();
    }
  })();
  const took: number[] = [];
  for (let count = 0; count < 40; count += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    arrivals.set(`m${count}`, resolve);
    const before = performance.now();
    await publish(`m${count}`);
    await promise;
    if (count >= 10) took.push(performance.now() - before);
  }
  leaving.abort();
  await receiving.catch(() => undefined);
  const sorted = took.toSorted((one, other) => one - other);
  t.diagnostic(
    `published here, received there: median ${sorted[15]?.toFixed(0)} ms, longest ${sorted.at(-1)?.toFixed(0)} ms`,
  );
  assert.ok((sorted[15] ?? Number.POSITIVE_INFINITY) < 5_000);
});

async function claimAll({ queue }: Connected, count: number): Promise<readonly Report[]> {
  const claimed: Report[] = [];
  await until(
    async () => {
      claimed.push(...(await queue.claim(claimant, count - claimed.length, 10)));
      return claimed.length >= count;
    },
    { within: patienceMs, what: `${count} reports claimed` },
  );
  return claimed;
}

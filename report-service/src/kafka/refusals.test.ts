import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  type Acl,
  AclOperations,
  AclPermissionTypes,
  Admin,
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
  ResourcePatternTypes,
  ResourceTypes,
} from "@platformatic/kafka";
import { type Kafka, lacksKafka, startKafka } from "../../../test/kit/kafka.ts";
import { until } from "../../../test/kit/wait.ts";
import { create, never, report, roomy, tenant } from "../../test/contract/place.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import type { BrokerNote } from "../broker/broker-note.ts";
import { startRelay } from "../broker/relay.ts";
import type { ReportId } from "../model/names.ts";
import type { Waiting } from "../ports/outbox.ts";
import type { Result } from "../ports/results-queue.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { openStore } from "../sqlite/open-store.ts";
import { createKafkaBroker } from "./kafka-broker.ts";
import { createKafkaResults } from "./results-queue.ts";

const soon = { within: 30_000, what: "Kafka takes it again" };

if (lacksKafka) test("what Kafka refuses", { skip: lacksKafka }, () => undefined);
else {
  let kafka: Kafka;
  let admin: Admin;
  before(async () => {
    kafka = await startKafka("kafka-acl", undefined, {
      protocol: "PLAINTEXT",
      settings: [
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found=true",
      ],
      format: [],
    });
    admin = new Admin({ clientId: "operator", bootstrapBrokers: [kafka.address] });
  });
  after(async () => {
    await admin.close();
    await kafka[Symbol.asyncDispose]();
  });

  /** A queue of results that has taken one, and what it told since. */
  async function start() {
    const settings = { brokers: [kafka.address], prefix: `${randomUUID()}.`, partitions: 1, replicas: 1 };
    const notes: string[] = [];
    const observe = (note: BrokerNote) => {
      if (note.kind === "broker-refuses" || note.kind === "broker-takes-again")
        notes.push(`${note.kind} ${note.doing} ${note.code}`);
    };
    const results = createKafkaResults(settings, "worker", observe);
    const topic = `${settings.prefix}report.results`;
    const put = (id: string) => results.put(result(id), never);
    assert.equal(await put("first"), "kept");
    return {
      ...{ settings, results, topic, notes, observe, put },
      async putAgain(id: string) {
        await until(
          () =>
            put(id).then(
              (answer) => answer === "kept",
              () => false,
            ),
          soon,
        );
      },
      [Symbol.asyncDispose]: () => results[Symbol.asyncDispose](),
    };
  }

  const deny = (topic: string, operation: Acl["operation"]): Acl => ({
    ...{ resourceType: ResourceTypes.TOPIC, resourceName: topic, resourcePatternType: ResourcePatternTypes.LITERAL },
    ...{ principal: "User:ANONYMOUS", host: "*", operation, permissionType: AclPermissionTypes.DENY },
  });

  async function limit(topic: string, bytes: number): Promise<void> {
    const set = { name: "max.message.bytes", value: String(bytes) };
    const configs = [{ ...set, configOperation: IncrementalAlterConfigOperationTypes.SET }];
    await admin.incrementalAlterConfigs({
      resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs }],
    });
  }

  test("who may not write is told which topic and what to do, and goes on once that is mended", async () => {
    await using place = await start();
    const acl = deny(place.topic, AclOperations.WRITE);
    await admin.createAcls({ creations: [acl] });
    await until(async () => {
      const answer = await place.put("denied").catch((error: unknown) => error);
      if (!(answer instanceof StoreUnavailable)) return false;
      assert.match(
        (answer.cause as Error).message,
        /may not write topic \S+report\.results \(TOPIC_AUTHORIZATION_FAILED\): let the user of --queue describe, read and write/,
      );
      return true;
    }, soon);
    await place.put("denied again").catch(() => undefined);
    assert.deepEqual(place.notes, ["broker-refuses write TOPIC_AUTHORIZATION_FAILED"]);
    await admin.deleteAcls({ filters: [acl] });
    await place.putAgain("allowed");
    assert.deepEqual(place.notes.slice(1), ["broker-takes-again write TOPIC_AUTHORIZATION_FAILED"]);
  });

  test("results that are too large together are sent in pieces; one alone says which limit to raise", async () => {
    await using place = await start();
    await limit(place.topic, 1_500);
    const ids = Array.from({ length: 40 }, (_, index) => `r${index}`);
    assert.deepEqual(new Set(await Promise.all(ids.map(place.put))), new Set(["kept"]));
    assert.equal((await place.results.length()).waiting, 41);
    assert.deepEqual(place.notes, []);
    await limit(place.topic, 100);
    await assert.rejects(place.put("large"), ({ cause }: StoreUnavailable) =>
      /\(MESSAGE_TOO_LARGE\): raise its max\.message\.bytes/.test((cause as Error).message),
    );
    await limit(place.topic, 1_000_000);
    await place.putAgain("large");
    assert.deepEqual(place.notes, [
      "broker-refuses write MESSAGE_TOO_LARGE",
      "broker-takes-again write MESSAGE_TOO_LARGE",
    ]);
  });

  test("a topic that was deleted is made again", async () => {
    await using place = await start();
    await admin.deleteTopics({ topics: [place.topic] });
    await place.putAgain("after");
    assert.equal((await place.results.length()).waiting, 1);
  });

  test("a lane that may not be written keeps no other lane's messages from the broker", async () => {
    await using place = await start();
    await using broker = createKafkaBroker(place.settings, "relay", place.observe);
    const lane = (priority: Waiting["priority"]) => ({ cluster: "sql", priority });
    const waiting = (id: string, priority: Waiting["priority"]): Waiting => ({
      ...{ tenant, id: id as ReportId },
      ...lane(priority),
    });
    await broker.publish([waiting("a", "bulk"), waiting("b", "standard")]);
    await admin.createAcls({ creations: [deny(`${place.settings.prefix}report.tasks.sql.bulk`, AclOperations.WRITE)] });
    await until(() => place.notes.includes("broker-refuses write TOPIC_AUTHORIZATION_FAILED") || publishBoth(), soon);
    async function publishBoth(): Promise<boolean> {
      await broker.publish([waiting("a", "bulk"), waiting("c", "standard")]).catch(() => undefined);
      return false;
    }
    assert.ok((await broker.lag(lane("standard"))) >= 2);
  });
  test("a lane that may not be written keeps no other lane in the outbox, however much of it waits, and is caught up once", async () => {
    await using place = await start();
    await using directory = await temporaryDirectory();
    using store = openStore(join(directory.path, "reports.db"));
    const outbox = await store.openOutbox();
    await using broker = createKafkaBroker(place.settings, "relay", place.observe);
    const bulk = { cluster: "sql", priority: "bulk" } as const;
    const standard = { cluster: "sql", priority: "standard" } as const;
    const acl = deny(`${place.settings.prefix}report.tasks.sql.bulk`, AclOperations.WRITE);
    await admin.createAcls({ creations: [acl] });
    await using _relay = startRelay(outbox, broker.publish, store.clock, place.observe);
    // More than a relay takes at once, also of what comes later.
    const many = (from: number) =>
      Array.from({ length: 1_100 }, (_, at) => ({ report: report(`b${from + at}`, from + at, bulk) }));
    for (const from of [0, 2_000]) {
      await store.reports.create(many(from), roomy);
      await create(store.reports, report(`s${from}`, from + 1_500, standard));
      await until(async () => (await broker.lag(standard)) === 1 + from / 2_000, soon);
    }
    assert.equal(await outbox.length(), 2_200);
    await admin.deleteAcls({ filters: [acl] });
    await until(async () => (await outbox.length()) === 0, soon);
    assert.deepEqual([await broker.lag(bulk), await broker.lag(standard)], [2_200, 2]);
    assert.deepEqual(place.notes, [
      "broker-refuses write TOPIC_AUTHORIZATION_FAILED",
      "broker-takes-again write TOPIC_AUTHORIZATION_FAILED",
    ]);
  });

  test("a lane whose topic cannot be made as wanted is told so, and waits apart until somebody makes it", async () => {
    await using place = await start();
    await using directory = await temporaryDirectory();
    using store = openStore(join(directory.path, "reports.db"));
    const outbox = await store.openOutbox();
    const makeTopic = (priority: string) =>
      admin.createTopics({
        topics: [`${place.settings.prefix}report.tasks.sql.${priority}`],
        partitions: 1,
        replicas: 1,
      });
    await makeTopic("standard");
    await using broker = createKafkaBroker({ ...place.settings, replicas: 3 }, "relay", place.observe);
    for (const [at, priority] of (["bulk", "standard"] as const).entries())
      await create(store.reports, report(priority, at, { priority }));
    await using _relay = startRelay(outbox, broker.publish, store.clock, place.observe);
    await until(async () => (await outbox.length()) === 1, soon);
    assert.deepEqual(await outbox.refusedLanes(), [{ cluster: "sql", priority: "bulk" }]);
    assert.deepEqual(place.notes, ["broker-refuses write INVALID_REPLICATION_FACTOR"]);
    await makeTopic("bulk");
    await until(async () => (await outbox.length()) === 0, soon);
    assert.equal(await broker.lag({ cluster: "sql", priority: "bulk" }), 1);
  });
}

function result(id: string): Result {
  return {
    key: { tenant, id: id as ReportId },
    change: {
      kind: "succeed",
      attempt: 1,
      artifacts: [{ format: "csv", key: `acme/${id}/1/report.csv`, sizeBytes: 3, rows: 1, sha256: "0".repeat(64) }],
    },
  };
}

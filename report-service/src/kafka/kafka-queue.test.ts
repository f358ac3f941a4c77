import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { Producer, stringSerializers } from "@platformatic/kafka";
import { type Kafka, lacksKafka, noLongTests, startKafka } from "../../../test/kit/kafka.ts";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { type BrokerUnderTest, provesBroker } from "../../test/contract/broker.ts";
import {
  type BrokerAddress,
  brokerPlaces,
  connectBroker,
  postgresDatabases,
} from "../../test/contract/broker-place.ts";
import { provesCrashSafety } from "../../test/contract/crash.ts";
import { provesJobQueue } from "../../test/contract/job-queue.ts";
import { postgresPlaces } from "../../test/contract/postgres-place.ts";

if (lacksKafka) test("Kafka", { skip: lacksKafka }, () => undefined);
else {
  let kafka: Kafka;
  before(async () => {
    kafka = await startKafka();
  });
  after(() => kafka[Symbol.asyncDispose]());

  const address = (): BrokerAddress => ({ kind: "kafka", at: kafka.address, prefix: `${randomUUID()}.` });
  provesJobQueue("Kafka", brokerPlaces(address), "by-server");
  provesCrashSafety("Kafka", brokerPlaces(address));
  if (noLongTests) test("Kafka as a broker that crashes and halts", { skip: noLongTests }, () => undefined);
  else provesBroker("Kafka", () => underTest(kafka, address()));

  const skipsPostgres = lacksPostgres || noLongTests;
  if (skipsPostgres) test("Kafka over Postgres", { skip: skipsPostgres }, () => undefined);
  else {
    const databases = postgresDatabases(postgresPlaces());
    provesJobQueue("Kafka over Postgres", brokerPlaces(address, databases), "by-server");
    provesCrashSafety("Kafka over Postgres", brokerPlaces(address, databases));
    provesBroker("Kafka over Postgres", () => underTest(kafka, address()), databases);
  }
}

function underTest(kafka: Kafka, address: BrokerAddress): BrokerUnderTest {
  return {
    connect: (observe) => connectBroker(address, observe),
    async put({ cluster, priority }, value) {
      const bootstrapBrokers = [kafka.address];
      const producer = new Producer({ clientId: "stranger", bootstrapBrokers, serializers: stringSerializers });
      const topic = `${address.prefix}report.tasks.${cluster}.${priority}`;
      await producer.send({ messages: [{ topic, key: "k", value }], acks: 1 });
      await producer.close();
    },
    crash: () => kafka.stop("SIGKILL"),
    restart: kafka.start,
    freeze: kafka.freeze,
    thaw: kafka.thaw,
  };
}

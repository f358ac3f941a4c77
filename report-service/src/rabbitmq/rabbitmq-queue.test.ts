import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { connect } from "amqplib";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { lacksRabbitMq, type RabbitMq, startRabbitMq } from "../../../test/kit/rabbitmq.ts";
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

if (lacksRabbitMq) test("RabbitMQ", { skip: lacksRabbitMq }, () => undefined);
else {
  let rabbitMq: RabbitMq;
  before(async () => {
    rabbitMq = await startRabbitMq();
  });
  after(() => rabbitMq[Symbol.asyncDispose]());

  const address = (): BrokerAddress => ({ kind: "rabbitmq", at: rabbitMq.url, prefix: `${randomUUID()}.` });
  provesJobQueue("RabbitMQ", brokerPlaces(address), "by-server");
  provesCrashSafety("RabbitMQ", brokerPlaces(address));
  provesBroker("RabbitMQ", () => underTest(rabbitMq, address()));

  if (lacksPostgres) test("RabbitMQ over Postgres", { skip: lacksPostgres }, () => undefined);
  else {
    const databases = postgresDatabases(postgresPlaces());
    provesJobQueue("RabbitMQ over Postgres", brokerPlaces(address, databases), "by-server");
    provesCrashSafety("RabbitMQ over Postgres", brokerPlaces(address, databases));
    provesBroker("RabbitMQ over Postgres", () => underTest(rabbitMq, address()), databases);
  }
}

function underTest(rabbitMq: RabbitMq, address: BrokerAddress): BrokerUnderTest {
  return {
    connect: (observe) => connectBroker(address, observe),
    async put({ cluster, priority }, text) {
      const connection = await connect(rabbitMq.url);
      const channel = await connection.createConfirmChannel();
      channel.sendToQueue(`${address.prefix}report.tasks.${cluster}.${priority}`, Buffer.from(text));
      await channel.waitForConfirms();
      await connection.close();
    },
    crash: () => rabbitMq.stop("SIGKILL"),
    restart: rabbitMq.start,
    freeze: rabbitMq.freeze,
    thaw: rabbitMq.thaw,
  };
}

import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { connect } from "amqplib";
import { lacksRabbitMq, type RabbitMq, startRabbitMq } from "../../../test/kit/rabbitmq.ts";
import { type BrokerUnderTest, provesBroker } from "../../test/contract/broker.ts";
import { type BrokerAddress, brokerPlaces, connectBroker } from "../../test/contract/broker-place.ts";
import { provesCrashSafety } from "../../test/contract/crash.ts";
import { provesJobQueue } from "../../test/contract/job-queue.ts";

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

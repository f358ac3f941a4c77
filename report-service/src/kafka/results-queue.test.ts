import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Kafka, lacksKafka, noLongTests, startKafka } from "../../../test/kit/kafka.ts";
import { provesResultsQueue } from "../../test/contract/results-queue.ts";
import { createKafkaResults } from "./results-queue.ts";

const skip = lacksKafka || noLongTests;
if (skip) test("Kafka as a queue of results", { skip }, () => undefined);
else {
  let kafka: Kafka;
  before(async () => {
    kafka = await startKafka();
  });
  after(() => kafka[Symbol.asyncDispose]());

  provesResultsQueue("Kafka", async (limits) => {
    // One partition: results of different reports have an order in it only.
    const settings = { brokers: [kafka.address], prefix: `${randomUUID()}.`, partitions: 1, replicas: 1 };
    const opened = new AsyncDisposableStack();
    return {
      connect: async () => opened.use(createKafkaResults(settings, "contract", () => undefined, limits)),
      durable: true,
      tellsAge: false,
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  });
}

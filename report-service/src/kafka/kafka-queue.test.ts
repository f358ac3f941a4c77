import { after, before, test } from "node:test";
import { type Kafka, noKafka, startKafka } from "../../../test/kit/kafka.ts";
import { provesCrashSafety } from "../../test/contract/crash.ts";
import { provesJobQueue } from "../../test/contract/job-queue.ts";
import { kafkaPlaces } from "../../test/contract/kafka-place.ts";

if (noKafka) test("Kafka", { skip: noKafka }, () => undefined);
else {
  let kafka: Kafka;
  before(async () => {
    kafka = await startKafka();
  });
  after(() => kafka[Symbol.asyncDispose]());

  const open = kafkaPlaces(() => kafka.address);
  provesJobQueue("Kafka", open, "by-server");
  provesCrashSafety("Kafka", open);
}

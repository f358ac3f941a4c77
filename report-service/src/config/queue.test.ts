import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../config.ts";

const required = ["--data", "/tmp/x", "--locality", "dc-a/z1"];
const defaults = { kinds: "kinds", id: "me" };

test("--results kafka is for the Kafka of --queue", () => {
  const config = (...more: readonly string[]) =>
    parseConfig([...required, "--results", "kafka", ...more], {}, defaults);
  assert.equal(config("--queue", "kafka://a:1").ok, true);
  const wrong = config();
  assert.deepEqual(wrong.ok ? [] : wrong.problems.map(({ at }) => at), ["--results"]);
});

test("--queue names the store or a broker", () => {
  const queueOf = (where: string) => {
    const config = parseConfig([...required, "--queue", where], {}, defaults);
    return config.ok ? config.value.queue : config.problems;
  };
  assert.deepEqual(queueOf("store"), { kind: "store" });
  const settings = { brokers: ["a:1", "b:2"], prefix: "", partitions: 6, replicas: 3 };
  assert.deepEqual(queueOf("kafka://a:1,b:2?replicas=3"), { kind: "kafka", settings });
  assert.deepEqual(queueOf("redis://a:6379/2?prefix=eu."), {
    kind: "redis",
    settings: { url: "redis://a:6379/2", prefix: "eu." },
  });
  assert.deepEqual(queueOf("amqps://u:p@a:1/v?prefix=eu.&frameMax=8192"), {
    kind: "rabbitmq",
    settings: { url: "amqps://u:p@a:1/v?frameMax=8192", prefix: "eu." },
  });
  assert.deepEqual(queueOf("kafka://a:1?partitions=0"), [{ at: "--queue", says: "partitions must be 1 to 1000" }]);
  assert.equal((queueOf("nats://a") as readonly unknown[]).length, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseKafkaUrl } from "./kafka-url.ts";

test("a URL names brokers, and how topics are made", () => {
  const settings = parseKafkaUrl("kafka://a:9092,b:9093/?prefix=eu.&partitions=12&replicas=3");
  assert.deepEqual(settings.ok && settings.value, {
    brokers: ["a:9092", "b:9093"],
    prefix: "eu.",
    partitions: 12,
    replicas: 3,
  });
  const plain = parseKafkaUrl("kafka://a:9092");
  assert.deepEqual(plain.ok && plain.value, { brokers: ["a:9092"], prefix: "", partitions: 6, replicas: -1 });
});

test("all that is wrong with a URL is said at once", () => {
  const settings = parseKafkaUrl("kafka://a?prefix=a/b&partitions=0&replicas=x&color=red");
  assert.deepEqual(settings.ok ? [] : settings.problems.map(({ at }) => at), [
    "",
    "color",
    "prefix",
    "partitions",
    "replicas",
  ]);
});

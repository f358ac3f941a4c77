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

test("kafkas is TLS, with files for certificates and for the password", () => {
  const settings = parseKafkaUrl(
    "kafkas://a:9093?ca=/c/ca.pem&cert=/c/c.pem&key=/c/k.pem&sasl=scram-sha-512&user=reports&password-file=/s/p",
  );
  assert.ok(settings.ok);
  assert.deepEqual(settings.value.tls, { ca: "/c/ca.pem", cert: "/c/c.pem", key: "/c/k.pem" });
  const { sasl } = settings.value;
  assert.deepEqual(sasl, { mechanism: "SCRAM-SHA-512", user: "reports", passwordFile: "/s/p" });
  const plain = parseKafkaUrl("kafkas://a:9093");
  assert.deepEqual(plain.ok && plain.value.tls, {});
});

test("what would send a password in the clear, or lacks a part, is refused, and no password is repeated", () => {
  const problemsOf = (text: string) => {
    const settings = parseKafkaUrl(text);
    return settings.ok ? [] : settings.problems.map(({ at, says }) => `${at}: ${says}`);
  };
  assert.match(problemsOf("kafka://a:1?sasl=plain&user=u&password-file=/p").join(), /^sasl: plain sends the password/);
  assert.deepEqual(problemsOf("kafka://a:1?sasl=scram-sha-256&user=u&password-file=/p"), []);
  assert.match(problemsOf("kafka://a:1?ca=/c").join(), /^ca: needs TLS/);
  assert.match(problemsOf("kafkas://a:1?cert=/c").join(), /^key: is needed, too/);
  assert.match(problemsOf("kafkas://a:1?sasl=gssapi").join(), /sasl: must be one of plain,.*user: .*password-file: /s);
  assert.match(problemsOf("kafkas://a:1?user=u").join(), /^sasl: is needed, too/);
  const told = problemsOf("kafkas://u:hunter2@a:1").join();
  assert.match(told, /password-file=/);
  assert.doesNotMatch(told, /hunter2/);
});

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Report_State } from "@weir/proto/report/v1/report_pb.ts";
import { type Certificates, lacksOpenssl, makeCertificates } from "../../../test/kit/certificates.ts";
import { makeFolder } from "../../../test/kit/folder.ts";
import { type KafkaSecurity, lacksKafka, startKafka } from "../../../test/kit/kafka.ts";
import { createOne } from "../../test/calls.ts";
import { startServer, temporaryDirectory } from "../../test/server-process.ts";
import { parseKafkaUrl } from "../config/kafka-url.ts";
import { createTopics } from "./topics.ts";

const skip = lacksKafka || lacksOpenssl;
const [user, password] = ["reports", "canary 4711 & co"];

test("Kafka is reached by TLS and SASL, and refuses who has another password, certificate or authority", {
  skip,
}, async (t) => {
  await using folder = await makeFolder("kafka-security");
  const files = await makeCertificates(folder.path);
  const stranger = await makeFolder("kafka-strangers");
  await using _stranger = stranger;
  const others = await makeCertificates(stranger.path);
  const passwordFile = join(folder.path, "password");
  await writeFile(passwordFile, `${password}\n`);

  await t.test("with users and their passwords", async (t) => {
    await using kafka = await startKafka("kafka-sasl", undefined, withPasswords(files));
    const login = `user=${user}&password-file=${passwordFile}`;
    for (const mechanism of ["scram-sha-512", "plain"]) {
      await t.test(`a report is made over ${mechanism}`, async () => {
        await makesReport(`kafkas://${kafka.address}?ca=${files.ca}&sasl=${mechanism}&${login}`, passwordFile);
      });
    }
    const wrong = join(folder.path, "wrong");
    await writeFile(wrong, "another");
    for (const [what, url] of [
      [
        "another password",
        `kafkas://${kafka.address}?ca=${files.ca}&sasl=scram-sha-512&user=${user}&password-file=${wrong}`,
      ],
      ["no user", `kafkas://${kafka.address}?ca=${files.ca}`],
      [
        "an authority that did not sign the broker's certificate",
        `kafkas://${kafka.address}?ca=${others.ca}&sasl=plain&${login}`,
      ],
      ["no TLS", `kafka://${kafka.address}?sasl=scram-sha-512&${login}`],
    ] as const) {
      await t.test(`${what}: nothing goes`, () => refuses(url));
    }
  });

  await t.test("with certificates of clients", async (t) => {
    await using kafka = await startKafka("kafka-mtls", undefined, withCertificates(files));
    const own = `cert=${files.client.cert}&key=${files.client.key}`;
    await t.test("a report is made", () =>
      makesReport(`kafkas://${kafka.address}?ca=${files.ca}&${own}`, passwordFile),
    );
    await t.test("no certificate: nothing goes", () => refuses(`kafkas://${kafka.address}?ca=${files.ca}`));
    await t.test("a certificate of another authority: nothing goes", () =>
      refuses(`kafkas://${kafka.address}?ca=${files.ca}&cert=${others.client.cert}&key=${others.client.key}`),
    );
  });
});

/** Over Kafka alone: results go through it, too, which no look into the store would find. */
async function makesReport(url: string, passwordFile: string): Promise<void> {
  await using data = await temporaryDirectory();
  const queue = `${url}&replicas=1&partitions=1&prefix=${randomUUID()}.`;
  await using server = await startServer(data.path, ["--queue", queue, "--results", "kafka", "--log-level", "debug"]);
  const name = await createOne(server.client, "wide", { rows: 3 });
  const report = await server.client.waitForEnd(name, { timeoutMs: 60_000 });
  assert.equal(report.state, Report_State.SUCCEEDED, report.error?.message);
  assert.doesNotMatch(server.log(), new RegExp(password.slice(0, 11)), passwordFile);
}

async function refuses(url: string): Promise<void> {
  const settings = parseKafkaUrl(`${url}&replicas=1&partitions=1`);
  assert.ok(settings.ok);
  await using topics = createTopics(settings.value, "stranger");
  await assert.rejects(topics.ensure(`refused-${randomUUID()}`));
}

function keysOf({ ca, server }: Certificates): readonly string[] {
  return [
    ...["ssl.keystore.type=PEM", `ssl.keystore.location=${server.both}`],
    ...["ssl.truststore.type=PEM", `ssl.truststore.location=${ca}`],
  ];
}

function withCertificates(files: Certificates): KafkaSecurity {
  return { protocol: "SSL", settings: [...keysOf(files), "ssl.client.auth=required"], format: [] };
}

function withPasswords(files: Certificates): KafkaSecurity {
  const modules = "org.apache.kafka.common.security";
  return {
    protocol: "SASL_SSL",
    settings: [
      ...keysOf(files),
      "listener.name.broker.sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN",
      `listener.name.broker.scram-sha-512.sasl.jaas.config=${modules}.scram.ScramLoginModule required;`,
      `listener.name.broker.plain.sasl.jaas.config=${modules}.plain.PlainLoginModule required user_${user}="${password}";`,
    ],
    format: ["--add-scram", `SCRAM-SHA-512=[name=${user},password=${password}]`],
  };
}

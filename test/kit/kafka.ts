import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "./folder.ts";
import { freePorts } from "./ports.ts";
import { lastWords, startProcess } from "./process.ts";
import { type Restartable, startRestartable } from "./restartable.ts";

/** A real Kafka broker of a test's own (KRaft, one node), on the loopback address; its data outlive its ends, not itself. */
export type Kafka = Restartable & {
  /** `127.0.0.1:port` */
  readonly address: string;
};

/** Java's own start, and a machine that is busy. */
const patienceMs = 120_000;

/** How a broker asks clients who they are, and what it lets them do. */
export type KafkaSecurity = {
  readonly protocol: "PLAINTEXT" | "SSL" | "SASL_SSL";
  /** Lines of server.properties. */
  readonly settings: readonly string[];
  /** Arguments of `kafka-storage format`, such as users. */
  readonly format: readonly string[];
};

/**
 * Starts a broker and waits until it takes connections. Topics have to be created, with up to one replica. Clients are
 * told to connect to `advertised`, where that is given: a line in front of it.
 */
export async function startKafka(name = "kafka", advertised?: string, security?: KafkaSecurity): Promise<Kafka> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await makeFolder(name));
  const [port = 0, controllerPort = 0, innerPort = 0] = await freePorts(3);
  const settings = join(folder.path, "server.properties");
  const logging = join(folder.path, "log4j2.yaml");
  await writeFile(logging, loggingSettings);
  await writeFile(settings, brokerSettings(folder.path, { port, controllerPort, innerPort, advertised, security }));
  await format(settings, logging, security?.format ?? []);

  const run = async () => {
    const broker = startProcess({ name, command: kafkaPath(), args: [...java(logging), "kafka.Kafka", settings] });
    await broker.line(/Kafka Server started/, patienceMs).catch((cause) => {
      throw new Error(lastWords(broker), { cause });
    });
    return broker;
  };
  return Object.assign(await startRestartable(starting, run, patienceMs), { address: `127.0.0.1:${port}` });
}

/** Why tests of Kafka are passed over here; false where there is one to start. */
export const lacksKafka: string | false = process.env["WEIR_KAFKA"]
  ? false
  : "there is no Kafka here (it needs Java); npm test gets both, or name one in WEIR_KAFKA";

/** Why the long tests of brokers are passed over; false where they were asked for. */
export const noLongTests: string | false =
  process.env["WEIR_BROKERS"] === "all" ? false : "it takes long: npm run test:brokers runs it";

/** The program that runs one of Kafka's classes. */
export function kafkaPath(): string {
  const path = process.env["WEIR_KAFKA"];
  if (!path) throw new Error("WEIR_KAFKA does not name a Kafka: run tests with npm test, which finds or gets one");
  return path;
}

/** What Java is told of memory and start: tests start many that live for seconds. */
export function java(logging: string): readonly string[] {
  return ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", `-Dlog4j2.configurationFile=${logging}`];
}

/** One line for each warning, and for each start. */
export const loggingSettings = `Configuration:
  status: error
  Appenders: { Console: { name: out, PatternLayout: { pattern: "%p %m (%c)%n" } } }
  Loggers:
    Root: { level: warn, AppenderRef: { ref: out } }
    Logger: [{ name: kafka.server.KafkaRaftServer, level: info }, { name: org.apache.kafka.connect, level: info }]
`;

async function format(settings: string, logging: string, more: readonly string[]): Promise<void> {
  const args = [
    ...java(logging),
    "kafka.tools.StorageTool",
    "format",
    "-t",
    "weir-tests-cluster-id1",
    "-c",
    settings,
    ...more,
  ];
  const tool = startProcess({ name: "kafka-storage", command: kafkaPath(), args });
  const { code } = await tool.exit;
  if (code !== 0) throw new Error(lastWords(tool));
}

function brokerSettings(
  folder: string,
  {
    port,
    controllerPort,
    innerPort,
    advertised = `127.0.0.1:${port}`,
    security,
  }: {
    readonly port: number;
    readonly controllerPort: number;
    /** Where the broker speaks to itself. */
    readonly innerPort: number;
    readonly advertised: string | undefined;
    readonly security: KafkaSecurity | undefined;
  },
): string {
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=BROKER://127.0.0.1:${port},INNER://127.0.0.1:${innerPort},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=BROKER://${advertised},INNER://127.0.0.1:${innerPort}
listener.security.protocol.map=BROKER:${security?.protocol ?? "PLAINTEXT"},INNER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INNER
controller.listener.names=CONTROLLER
log.dirs=${folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=8388608
${security?.settings.join("\n") ?? ""}
`;
}

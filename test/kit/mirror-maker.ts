import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "./folder.ts";
import { java, kafkaPath, loggingSettings } from "./kafka.ts";
import { startProcess } from "./process.ts";

export type Side = { readonly name: string; readonly address: string };

/** A real MirrorMaker, which copies topics of one Kafka into another, where their names begin with the first one's. */
export type MirrorMaker = AsyncDisposable & { readonly pid: number };

/** Starts one; what it finds in `from`, also of before, is in `to` some seconds later. */
export async function startMirrorMaker({
  from,
  to,
  topics,
}: {
  readonly from: Side;
  readonly to: Side;
  /** A regular expression of Java. */
  readonly topics: string;
}): Promise<MirrorMaker> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await makeFolder("mirror-maker"));
  const logging = join(folder.path, "log4j2.yaml");
  const settings = join(folder.path, "mirror.properties");
  await writeFile(logging, loggingSettings);
  await writeFile(settings, mirrorSettings(from, to, topics));
  const args = [...java(logging), "org.apache.kafka.connect.mirror.MirrorMaker", settings, "--clusters", to.name];
  const mirror = starting.use(startProcess({ name: "mirror-maker", command: kafkaPath(), args }));
  const started = starting.move();
  return { pid: mirror.pid, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

function mirrorSettings(from: Side, to: Side, topics: string): string {
  return `
clusters=${from.name},${to.name}
${from.name}.bootstrap.servers=${from.address}
${to.name}.bootstrap.servers=${to.address}
${from.name}->${to.name}.enabled=true
${from.name}->${to.name}.topics=${topics}
${to.name}->${from.name}.enabled=false
consumer.auto.offset.reset=earliest
replication.factor=1
checkpoints.topic.replication.factor=1
heartbeats.topic.replication.factor=1
offset-syncs.topic.replication.factor=1
offset.storage.replication.factor=1
status.storage.replication.factor=1
config.storage.replication.factor=1
offset.storage.partitions=1
status.storage.partitions=1
refresh.topics.interval.seconds=1
emit.heartbeats.enabled=false
emit.checkpoints.enabled=false
sync.topic.acls.enabled=false
`;
}

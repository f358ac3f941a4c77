import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "cassandra-driver";
import type { Certificates } from "./certificates.ts";
import { makeFolder } from "./folder.ts";
import { freePorts } from "./ports.ts";
import { lastWords, type RunningProcess, startProcess } from "./process.ts";
import { until } from "./wait.ts";

/** A node of a test's own Cassandra cluster: one for each data center, on a loopback address of its own. */
export type CassandraNode = {
  readonly datacenter: string;
  /** `127.0.1.1:port` */
  readonly address: string;
  /** Ends it as a crash does; its data stay. */
  kill(): Promise<void>;
  /** Starts it again, on the same data. */
  start(): Promise<void>;
};

export type Cassandra = AsyncDisposable & { readonly nodes: readonly CassandraNode[] };

/** Its superuser is `cassandra` with the password `cassandra`. */
export type CassandraSecurity = { readonly certificates: Certificates };

/** What the certificate of the first node has to name. */
export const firstAddress = addressOf(0);

/** Java's own start, and a machine that is busy. */
const patienceMs = 180_000;

/** Why tests of Cassandra are passed over here; false where there is one to start. */
export const lacksCassandra: string | false = process.env["WEIR_CASSANDRA"]
  ? false
  : "there is no Cassandra here (it needs Java); npm test gets both, or name one in WEIR_CASSANDRA";

/** Why the tests of several data centers are passed over; false where they were asked for. */
export const lacksTwoCenters: string | false =
  lacksCassandra || process.env["WEIR_CASSANDRA_CENTERS"] === "two"
    ? lacksCassandra
    : "it takes long: npm run test:cassandra runs it";

/** Starts a cluster with one node in each data center, and waits until all of them take queries. */
export function startCassandra(datacenters: readonly string[] = ["dc-a"]): Promise<Cassandra> {
  return startCluster(datacenters);
}

/** Starts one node that takes TLS alone, only of clients with a certificate of the same authority, and asks for a password. */
export function startSecuredCassandra(security: CassandraSecurity): Promise<Cassandra> {
  return startCluster(["dc-a"], security);
}

async function startCluster(datacenters: readonly string[], security?: CassandraSecurity): Promise<Cassandra> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await makeFolder("cassandra"));
  const [cql = 0, storage = 0, tls = 0] = await freePorts(3);
  const seed = addressOf(0);
  const nodes: CassandraNode[] = [];
  for (const [index, datacenter] of datacenters.entries()) {
    const home = join(folder.path, datacenter);
    const ip = addressOf(index);
    await writeSettings(home, { datacenter, ip, seed, cql, storage, tls, security });
    let node: RunningProcess | undefined;
    const start = async () => {
      const started = startProcess({
        name: `cassandra ${datacenter}`,
        command: cassandraPath(),
        args: javaArgs(home),
        env: { CLASSPATH: join(home, "conf") },
      });
      node = started;
      await started.line(/Startup complete/, patienceMs).catch((cause) => {
        throw new Error(lastWords(started), { cause });
      });
    };
    const kill = async () => void (await node?.stop("SIGKILL"));
    starting.defer(kill);
    await start();
    // A keyspace cannot have copies where its node does not know yet that there is anything.
    for (const other of nodes)
      await until(() => knowsPlaceOf(ip, other), {
        within: patienceMs,
        what: `${other.datacenter} knows ${datacenter}`,
      });
    nodes.push({ datacenter, address: `${ip}:${cql}`, kill, start });
  }
  const cluster = starting.move();
  return { nodes, [Symbol.asyncDispose]: () => cluster.disposeAsync() };
}

/** Whether a node knows which part of the ring another one has. That this one is up it knows a moment before. */
async function knowsPlaceOf(ip: string, { address, datacenter }: CassandraNode): Promise<boolean> {
  const client = new Client({ contactPoints: [address], localDataCenter: datacenter });
  try {
    const { rows } = await client.execute("select peer, tokens from system.peers_v2");
    return rows.some(({ peer, tokens }) => String(peer) === ip && tokens?.length > 0);
  } finally {
    await client.shutdown();
  }
}

/** Nodes of one cluster share their ports, so each has an address of its own. */
function addressOf(node: number): string {
  return `127.0.${node + 1}.1`;
}

function cassandraPath(): string {
  const path = process.env["WEIR_CASSANDRA"];
  if (!path) throw new Error("WEIR_CASSANDRA names no Cassandra: run tests with npm test, which finds or gets one");
  return path;
}

async function writeSettings(
  home: string,
  node: {
    readonly datacenter: string;
    readonly ip: string;
    readonly seed: string;
    readonly cql: number;
    readonly storage: number;
    readonly tls: number;
    readonly security: CassandraSecurity | undefined;
  },
): Promise<void> {
  const conf = join(home, "conf");
  await mkdir(conf, { recursive: true });
  await Promise.all([
    writeFile(join(conf, "cassandra-rackdc.properties"), `dc=${node.datacenter}\nrack=r1\n`),
    writeFile(join(conf, "logback.xml"), logging),
    writeFile(
      join(conf, "cassandra.yaml"),
      `cluster_name: weir-tests
num_tokens: 4
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
commitlog_sync: batch
data_file_directories: [${home}/data]
commitlog_directory: ${home}/commitlog
saved_caches_directory: ${home}/caches
hints_directory: ${home}/hints
cdc_raw_directory: ${home}/cdc
listen_address: ${node.ip}
rpc_address: ${node.ip}
storage_port: ${node.storage}
ssl_storage_port: ${node.tls}
native_transport_port: ${node.cql}
endpoint_snitch: GossipingPropertyFileSnitch
seed_provider: [{class_name: org.apache.cassandra.locator.SimpleSeedProvider, parameters: [{seeds: "${node.seed}:${node.storage}"}]}]
auto_bootstrap: false
memtable_heap_space: 48MiB
commitlog_segment_size: 8MiB
# Or emptying a table takes as long as writing it out.
auto_snapshot: false
concurrent_reads: 8
concurrent_writes: 8
# A paxos round waits for the other side of a busy machine.
cas_contention_timeout: 10s
write_request_timeout: 10s
read_request_timeout: 10s
${node.security ? securitySettings(node.security) : ""}`,
    ),
  ]);
}

// The keys of PEMBasedSslContextFactory: conf/cassandra.yaml of Cassandra 5.0, client_encryption_options.
function securitySettings({ certificates: { ca, server } }: CassandraSecurity): string {
  return `authenticator: {class_name: PasswordAuthenticator}
client_encryption_options:
  enabled: true
  require_client_auth: true
  keystore: ${server.both}
  truststore: ${ca}
  ssl_context_factory: {class_name: org.apache.cassandra.security.PEMBasedSslContextFactory}
`;
}

// One line for each warning, for the end of the start, and for each node that is seen.
const logging = `<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%level %logger{20} %msg%n</pattern></encoder></appender>
  <logger name="org.apache.cassandra.service.CassandraDaemon" level="INFO"/>
  <logger name="org.apache.cassandra.gms.Gossiper" level="INFO"/>
  <root level="WARN"><appender-ref ref="out"/></root>
</configuration>
`;

// What Cassandra's own start script opens of Java 17's modules (conf/jvm17-server.options).
const opened = [
  ...["java.lang", "java.nio", "sun.nio.ch", "java.io", "java.util", "java.util.concurrent"],
  ...["java.util.concurrent.atomic", "jdk.internal.ref", "jdk.internal.misc", "jdk.internal.loader"],
  ...["jdk.internal.reflect", "jdk.internal.math", "jdk.internal.module", "jdk.internal.util.jar"],
  "java.lang.module",
  "java.lang.reflect",
].map((name) => `java.base/${name}`);
const openedElsewhere = [
  "java.management/com.sun.jmx.remote.security",
  "java.management.rmi/com.sun.jmx.remote.internal.rmi",
  "java.rmi/sun.rmi.registry",
  "java.rmi/sun.rmi.server",
  "java.rmi/sun.rmi.transport",
  "java.rmi/sun.rmi.transport.tcp",
  "java.sql/java.sql",
  "jdk.management/com.sun.management.internal",
  "jdk.unsupported/sun.misc",
  "jdk.compiler/com.sun.tools.javac.file",
  "jdk.attach/sun.tools.attach",
  "java.logging/java.util.logging",
];

function javaArgs(home: string): readonly string[] {
  return [
    ...[...opened, ...openedElsewhere].flatMap((name) => [
      ...["--add-opens", `${name}=ALL-UNNAMED`, "--add-exports", `${name}=ALL-UNNAMED`],
    ]),
    ...["-Xmx400m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
    "-Djdk.attach.allowAttachSelf=true",
    `-Dcassandra.config=file://${join(home, "conf", "cassandra.yaml")}`,
    `-Dcassandra.storagedir=${home}`,
    "-Dcassandra-foreground=yes",
    // Its superuser is there as soon as it takes queries.
    "-Dcassandra.superuser_setup_delay_ms=0",
    // Of tokens and gossip there is nothing to wait for in a cluster that is this young.
    ...["-Dcassandra.ring_delay_ms=500", "-Dcassandra.skip_wait_for_gossip_to_settle=0"],
    `-Dlogback.configurationFile=${join(home, "conf", "logback.xml")}`,
    "org.apache.cassandra.service.CassandraDaemon",
  ];
}

import { type Cassandra, startCassandra } from "../../../test/kit/cassandra.ts";
import { openCassandraStore } from "../../src/cassandra/open-store.ts";
import { tableNames } from "../../src/cassandra/schema.ts";
import { connect as connectTo } from "../../src/cassandra/session.ts";
import type { CassandraSettings } from "../../src/cassandra/settings.ts";
import type { ResultsLimits } from "../../src/ports/results-queue.ts";
import type { ResultsPlace } from "./results-queue.ts";

let cluster: Promise<Cassandra> | undefined;

/** One cluster and keyspace for all tests of a file: starting takes as long as all of them. Each place finds it empty. */
export async function openCassandraPlace() {
  cluster ??= startCassandra();
  const [node] = (await cluster).nodes;
  const address = node?.address ?? "";
  return {
    connect: (limits?: ResultsLimits) => connect(address, limits),
    elsewhere: { module: new URL(import.meta.url), argument: address },
    async [Symbol.asyncDispose]() {
      const settings = settingsAt(address);
      await using session = await connectTo(settings, { keyspace: settings.keyspace, nowMs: Date.now });
      for (const name of tableNames) await session.rows(`truncate ${name}`, []);
    },
  };
}

/** A store as a server opens it. */
export function connect(address: string, limits?: ResultsLimits) {
  return openCassandraStore(settingsAt(address), limits && { results: limits });
}

function settingsAt(address: string): CassandraSettings {
  return {
    contactPoints: [address],
    keyspace: "reports",
    datacenter: "dc-a",
    replication: { "dc-a": 1 },
    serial: "local",
    timeoutMs: 20_000,
  };
}

/** The same for results. */
export async function openCassandraResults(limits: ResultsLimits): Promise<ResultsPlace> {
  const opened = new AsyncDisposableStack();
  const place = opened.use(await openCassandraPlace());
  return {
    connect: async () => opened.use(await place.connect(limits)).results,
    durable: true,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Ends the cluster, if there is one. */
export async function stopCassandra(): Promise<void> {
  await (await cluster)?.[Symbol.asyncDispose]();
}

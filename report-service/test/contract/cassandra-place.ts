import { type Cassandra, startCassandra } from "../../../test/kit/cassandra.ts";
import { openCassandraStore } from "../../src/cassandra/open-store.ts";
import { tableNames } from "../../src/cassandra/schema.ts";
import { connect } from "../../src/cassandra/session.ts";
import type { CassandraSettings } from "../../src/cassandra/settings.ts";
import type { ResultsLimits } from "../../src/ports/results-queue.ts";
import type { ResultsPlace } from "./results-queue.ts";

let cluster: Promise<Cassandra> | undefined;

/** One cluster and keyspace for all tests of a file: starting takes as long as all of them. Each place finds it empty. */
export async function openCassandraPlace() {
  cluster ??= startCassandra();
  const [node] = (await cluster).nodes;
  const settings: CassandraSettings = {
    contactPoints: [node?.address ?? ""],
    keyspace: "reports",
    datacenter: "dc-a",
    replication: { "dc-a": 1 },
    serial: "local",
    timeoutMs: 20_000,
  };
  return {
    connect: (limits?: ResultsLimits) => openCassandraStore(settings, { ...(limits && { results: limits }) }),
    async [Symbol.asyncDispose]() {
      await using session = await connect(settings, { keyspace: settings.keyspace, nowMs: Date.now });
      for (const name of tableNames) await session.rows(`truncate ${name}`, []);
    },
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

import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { createReportClient, type ReportClient } from "@weir/report-service/src/client.ts";
import { makeFolder } from "../kit/folder.ts";
import { type PostgresServer, startPostgres } from "../kit/postgres.ts";
import { type ReportServer, startReportServer } from "../kit/report-server.ts";
import { type S3Server, startS3 } from "../kit/s3.ts";
import { replicateS3, type S3Replication } from "../kit/s3-replication.ts";
import { until } from "../kit/wait.ts";

/** What a data center has of its own, and its replica of the other one's database. */
export type Site = {
  readonly name: string;
  readonly primary: PostgresServer;
  readonly replicaOfOther: PostgresServer;
  readonly objects: S3Server;
  /** What servers keep beside the database and the objects; no server of another data center sees it. */
  readonly data: string;
  /** Starts a report server; its `--store` is the own database where no other one is given. */
  start(id: string, flags: readonly string[], more?: StartOptions): Promise<ReportServer>;
};

export type StartOptions = {
  /** Of another data center, for which it stands in. */
  readonly insteadOf?: Site;
};

export type Sites = AsyncDisposable & {
  readonly a: Site;
  readonly b: Site;
  /** Copies objects both ways; its process is dc-b's. */
  readonly replication: S3Replication;
  /** A client of these servers, of the first that answers. */
  clientOf(...servers: readonly ReportServer[]): ReportClient;
};

const kinds = fileURLToPath(new URL("../../report-service/testdata/kinds", import.meta.url));

/**
 * Two data centers as docs/report-service/data-centers.md sets them up: in each a Postgres, a replica of the other one's,
 * and an S3 store, which copy from each other. dc-a's commits wait for their replica in dc-b.
 */
export async function startSites(): Promise<Sites> {
  await using starting = new AsyncDisposableStack();
  const options = { checksums: true };
  const [primaryA, primaryB, objectsA, objectsB, dataA, dataB] = await Promise.all([
    startPostgres(options).then((one) => starting.use(one)),
    startPostgres(options).then((one) => starting.use(one)),
    startS3().then((one) => starting.use(one)),
    startS3().then((one) => starting.use(one)),
    makeFolder("dc-a").then((one) => starting.use(one)),
    makeFolder("dc-b").then((one) => starting.use(one)),
  ]);
  const replicaOfA = starting.use(await primaryA.standby("in_dc_b"));
  const replicaOfB = starting.use(await primaryB.standby("in_dc_a"));
  // What may not get lost is in the other data center before it is answered.
  await waitsFor(primaryA, "in_dc_b");
  const replication = starting.use(await replicateS3(objectsA, objectsB));
  const a = siteOf("dc-a", { primary: primaryA, replicaOfOther: replicaOfB, objects: objectsA, data: dataA.path });
  const b = siteOf("dc-b", { primary: primaryB, replicaOfOther: replicaOfA, objects: objectsB, data: dataB.path });
  const running = starting.move();

  function siteOf(name: string, parts: Omit<Site, "name" | "start">): Site {
    const { primary, replicaOfOther, objects, data } = parts;
    const site: Site = {
      ...{ name, ...parts },
      async start(id, flags, { insteadOf } = {}) {
        const other = site === a ? b : a;
        const store = [`${url([primary, other.replicaOfOther])}`];
        const peer = `${other.name}=${url([replicaOfOther, other.primary])}`;
        const where = insteadOf ? ["--store", url([replicaOfOther])] : ["--store", ...store, "--peer", peer];
        const bucket = ["--objects", "s3", "--s3-bucket", `${objects.url}/reports`];
        const server = await startReportServer({
          ...{ data, id, locality: `${insteadOf?.name ?? name}/z1`, kinds },
          flags: [...where, ...bucket, "--s3-credentials", objects.credentials, "--job-lease", "2s", ...flags],
        });
        return running.use(server);
      },
    };
    return site;
  }

  return {
    ...{ a, b, replication },
    clientOf: (...servers) =>
      running.use(
        createReportClient(`ipv4:${servers.map(({ address }) => address).join(",")}`, credentials.createInsecure()),
      ),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function url(servers: readonly PostgresServer[]): string {
  return `postgres://weir@${servers.map(({ host }) => host).join(",")}/postgres`;
}

async function waitsFor(primary: PostgresServer, standby: string): Promise<void> {
  primary.sql(`alter system set synchronous_standby_names = 'ANY 1 (${standby})'`);
  primary.sql("select pg_reload_conf()");
  const state = () => primary.sql("select sync_state from pg_stat_replication") === "quorum";
  await until(state, { within: 30_000, what: `${standby} is synchronous` });
}

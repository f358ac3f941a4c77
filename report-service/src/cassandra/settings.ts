/** How to reach a cluster, and what a server of one data center asks of it. */
export type CassandraSettings = {
  /** `host:port`; all of them, or some to begin with. */
  readonly contactPoints: readonly string[];
  readonly credentials?: { readonly user: string; readonly password: string };
  readonly keyspace: string;
  /** The data center, by Cassandra's name, whose replicas answer: reads and writes are LOCAL_QUORUM there. */
  readonly datacenter: string;
  /** Copies by data center, for the keyspace that the first server makes. */
  readonly replication: Readonly<Record<string, number>>;
  /**
   * Among whose replicas conditional writes are agreed on. `local`: this data center's; two data centers must then not
   * change the same report at once. `global`: all; it needs most replicas of all data centers together.
   */
  readonly serial: "local" | "global";
  /** What takes longer is given up. */
  readonly timeoutMs: number;
};

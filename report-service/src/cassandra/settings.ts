/** How to reach a cluster, and what a server of one data center asks of it. */
export type CassandraSettings = {
  /** `host:port`; all of them, or some to begin with. */
  readonly contactPoints: readonly string[];
  /** How this client proves who it is, beside or instead of its certificate. */
  readonly credentials?: Credentials;
  /**
   * PEM files; undefined: plaintext. Without a `ca` nodes' certificates are checked by the authorities that Node knows; they name
   * the node's address, or a host of `contactPoints`.
   */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
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

export type Credentials =
  | { readonly user: string; readonly password: string }
  /** Read at each login. */
  | { readonly user: string; readonly passwordFile: string };

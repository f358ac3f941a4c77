/** Which Kafka, and how the topics that are not there yet are made. */
export type KafkaSettings = {
  /** `HOST:PORT` of some of its brokers. */
  readonly brokers: readonly string[];
  /** In front of the names of all topics and consumer groups; may be empty. */
  readonly prefix: string;
  /** Of each topic: at most so many servers receive from a lane at once. */
  readonly partitions: number;
  /** -1: as many as the cluster makes by default. */
  readonly replicas: number;
  /** PEM files; undefined: plaintext. Without a `ca` brokers' certificates are checked by the authorities that Node knows. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** How this client proves who it is, beside or instead of its certificate. */
  readonly sasl?: {
    readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
    readonly user: string;
    readonly passwordFile: string;
  };
};

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
};

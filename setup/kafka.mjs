import { findMavenProduct } from "./maven-jars.mjs";

/** Kafka with MirrorMaker, and Java to run it. `version` is that of setup/kafka/pom.xml. */
export const findKafka = () =>
  findMavenProduct({ what: "Kafka", name: "kafka", version: "4.2.0", size: "56 MB", variable: "WEIR_KAFKA" });

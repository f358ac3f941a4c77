import { findMavenProduct } from "./maven-jars.mjs";

/** Cassandra, and Java to run it. `version` is that of setup/cassandra/pom.xml. */
export const findCassandra = () =>
  findMavenProduct({
    what: "Cassandra",
    name: "cassandra",
    version: "5.0.5",
    size: "67 MB",
    variable: "WEIR_CASSANDRA",
  });

import { findMavenProduct } from "./maven-jars.mjs";

/** Zipkin, which keeps and shows traces, and Java to run it: one jar that holds all others. */
export const findZipkin = () =>
  findMavenProduct({ what: "Zipkin", name: "zipkin", version: "3.5.1", size: "131 MB", variable: "WEIR_ZIPKIN" });

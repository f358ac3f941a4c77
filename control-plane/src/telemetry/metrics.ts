import { Counter, Histogram, type Registry } from "prom-client";
import type { ResourceType } from "../snapshot/resource.ts";

/** What is counted as it happens. No label ever holds what a client may choose freely: series must stay few. */
export type Metrics = ReturnType<typeof createMetrics>;

const types: readonly ResourceType[] = ["cluster", "endpoints", "listener", "routes"];
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const streamSeconds = [1, 10, 60, 300, 900, 1800, 3600, 21_600, 86_400];
const bytes = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];

export function createMetrics(registry: Registry) {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly Label[] = [],
  ) => new Histogram({ name, help, buckets, labelNames, registers });
  // A rate over a series that begins with its first NACK would not show that NACK.
  const ofEachType = (name: string, help: string) => {
    const made = counter(name, help, ["type"]);
    for (const type of types) made.inc({ type }, 0);
    return made;
  };
  return {
    pushes: ofEachType("xds_push_total", "Responses sent to xDS clients."),
    acks: ofEachType("xds_ack_total", "Responses that clients accepted."),
    nacks: ofEachType("xds_nack_total", "Responses that clients rejected; they keep what they had."),
    refusedClients: counter("xds_client_refused_total", "Streams refused because of what their node says.", []),
    loadReports: counter("xds_load_report_total", "Load reports that clients sent.", []),
    loadLeftOut: counter(
      "xds_load_report_left_out_total",
      "Localities and endpoints of load reports that were left out because there are too many.",
      [],
    ),
    failedClients: counter("xds_client_failed_total", "Streams ended by a fault of the control plane.", []),
    refusedConnections: counter("xds_connection_refused_total", "Connections refused before any stream was opened.", [
      "reason",
    ]),
    refusedStreams: counter("xds_stream_refused_total", "Streams told to come again later.", ["reason"]),
    responseBytes: histogram("xds_response_bytes", "Size of the responses sent to xDS clients.", bytes, ["type"]),
    streamSeconds: histogram(
      "xds_stream_duration_seconds",
      "How long xDS streams lasted that have ended.",
      streamSeconds,
    ),
    buildSeconds: histogram(
      "xds_snapshot_build_seconds",
      "Time to make the snapshot of one viewer that changed.",
      seconds,
    ),
    debounceSeconds: histogram(
      "xds_debounce_seconds",
      "How long changes were collected before they were published.",
      seconds,
    ),
    pushQueueSeconds: histogram(
      "xds_push_queue_seconds",
      "How long streams that have something to be told waited for their turn.",
      seconds,
    ),
    withheld: counter(
      "xds_snapshot_withheld_total",
      "Snapshots that could not be made: the viewer keeps its last one.",
      [],
    ),
    convergenceSeconds: histogram(
      "xds_convergence_seconds",
      "From the acceptance of a change to the answer of the last client; of changes given up on, the time waited.",
      seconds,
    ),
    sourceEvents: counter("registry_events_total", "Changes of endpoints that a source reported.", [
      "source",
      "datacenter",
    ]),
    sourceFailures: counter("registry_failures_total", "Times a source was lost.", ["source", "datacenter"]),
    held: counter("guard_held_total", "Endpoints whose loss or first appearance was held back.", [
      "source",
      "datacenter",
    ]),
    letGo: counter("guard_let_go_total", "Endpoints held back no longer: repeated for the hold time, or confirmed.", [
      "source",
      "datacenter",
      "by",
    ]),
    unsaved: counter(
      "saved_world_failures_total",
      "Times that what the sources say could not be written to the disk.",
      [],
    ),
    applies: counter("config_apply_total", "Changes of documents, done or refused, by where they came from.", [
      "source",
      "result",
    ]),
    storeFailures: counter(
      "config_store_failures_total",
      "Times that the store of the documents went away, held what cannot be right, or could not be copied to the disk.",
      ["reason"],
    ),
    operatorRequests: counter("operator_requests_total", "Requests to the operator API.", ["method", "route", "code"]),
    operatorSeconds: histogram(
      "operator_request_duration_seconds",
      "Time to answer a request to the operator API.",
      seconds,
      ["method", "route"],
    ),
  };
}

/** `consul/dc-a` is the source `consul` in the data center `dc-a`; `registry` has none. */
export function sourceLabels(source: string): { readonly source: string; readonly datacenter: string } {
  const slash = source.indexOf("/");
  return slash < 0
    ? { source, datacenter: "" }
    : { source: source.slice(0, slash), datacenter: source.slice(slash + 1) };
}

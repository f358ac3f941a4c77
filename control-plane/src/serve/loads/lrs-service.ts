import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ServerDuplexStream,
  type ServiceDefinition,
  type ServiceError,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Node } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import {
  LoadReportingService,
  type LoadStatsResponse,
  LoadStatsResponseSchema,
} from "@weir/proto/envoy/service/load_stats/v3/lrs_pb.ts";
import { serviceOf } from "@weir/proto/grpc/service.ts";
import { problemText } from "../../lib/parsed.ts";
import { callerOf } from "../caller.ts";
import type { SessionParts } from "../session/session-parts.ts";
import type { Loads, Reporter } from "./loads.ts";
import { createPace, type Pace, type Pacer } from "./lrs-pace.ts";
import { type LoadStats, loadReportOf, readLoadStats } from "./lrs-report.ts";

type About = { readonly nodeId: string; readonly client: "envoy" | "grpc" };

/** What the load reporting service tells. */
export type LoadNote =
  | ({ readonly kind: "load-reporter-connected"; readonly peer: string } & About)
  | ({ readonly kind: "load-reporter-gone"; readonly peer: string; readonly cause: string } & About)
  | { readonly kind: "load-reporter-refused"; readonly peer: string; readonly reason: string }
  /** `clusters` counts those with requests. */
  | ({ readonly kind: "load-reported"; readonly clusters: number; readonly bytes: number } & About)
  /** A report told more localities or endpoints apart than are kept. */
  | ({ readonly kind: "load-left-out"; readonly rows: number } & About)
  /** From now on clients are told to report this often. */
  | { readonly kind: "load-interval"; readonly intervalMs: number; readonly reporters: number };

export type LrsParts<V> = Pick<SessionParts<V>, "identify" | "refuse"> & {
  readonly loads: Loads;
  /** The clusters to ask for from a client that cannot be asked for all; the same array while nothing changed. */
  readonly clusters: (viewer: V) => readonly string[];
  /** How long a stream may be open without a request; 60 s unless told. */
  readonly firstRequestTimeoutMs?: number;
  /** How often clients are to report, unless they are too many. */
  readonly intervalMs: number;
  readonly observe: (note: LoadNote) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs: () => number;
};

type Call = ServerDuplexStream<Buffer, LoadStatsResponse>;

/** envoy.service.load_stats.v3, which takes the load reports of all clients. */
export function lrsService<V>(parts: LrsParts<V>): {
  readonly definition: ServiceDefinition;
  readonly handlers: UntypedServiceImplementation;
} {
  const { loads, intervalMs: wantedMs, observe, monotonicMs: now } = parts;
  loads.setInterval(wantedMs);
  const pace = createPace({
    wantedMs,
    now,
    onChange(change) {
      loads.setInterval(change.intervalMs);
      observe({ kind: "load-interval", ...change });
    },
  });
  const { streamLoadStats } = serviceOf(LoadReportingService);
  if (streamLoadStats === undefined) throw new Error("LoadReportingService has no StreamLoadStats");
  // Read by us: decoding the whole message costs many times what its loads do.
  const definition = { streamLoadStats: { ...streamLoadStats, requestDeserialize: (bytes: Buffer) => bytes } };
  return { definition, handlers: { streamLoadStats: (call: Call) => takeReports(call, parts, pace) } };
}

/** One stream whose client is known. */
type Session = About & { readonly reporter: Reporter; readonly pacer: Pacer; readonly tell: () => void };

function takeReports<V>(call: Call, parts: LrsParts<V>, pace: Pace): void {
  const { observe, loads } = parts;
  const peer = call.getPeer();
  let session: Session | undefined;
  let ended = false;
  const { firstRequestTimeoutMs: silenceMs = 60_000 } = parts;
  const silent = setTimeout(
    () => refuse(status.DEADLINE_EXCEEDED, `no request within ${silenceMs / 1000} s`),
    silenceMs,
  ).unref();

  call.on("data", (bytes: Buffer) => {
    // What was read before the client hears of its end still arrives.
    if (ended) return;
    clearTimeout(silent);
    let stats: LoadStats;
    try {
      stats = readLoadStats(bytes, { node: session === undefined });
    } catch (thrown) {
      return refuse(status.INVALID_ARGUMENT, `the request is no LoadStatsRequest: ${textOf(thrown)}`);
    }
    try {
      take(bytes.length, stats);
    } catch (thrown) {
      // Whatever it is, it is about this client: the others go on.
      refuse(status.INTERNAL, textOf(thrown));
    }
  });

  function take(length: number, stats: LoadStats): void {
    session ??= open(stats.node);
    if (session === undefined) return;
    const { nodeId, client, reporter, pacer, tell } = session;
    if (stats.nodeId !== undefined && stats.nodeId !== "" && stats.nodeId !== nodeId) {
      end(status.INVALID_ARGUMENT, "the node of a stream cannot change: open another stream");
      return;
    }
    if (!pacer.reported(length)) {
      const seconds = pace.intervalMs() / 1000;
      end(status.RESOURCE_EXHAUSTED, `too many reports: one is wanted every ${seconds} s`);
      return;
    }
    const { report, leftOut } = loadReportOf(stats.clusters);
    const rows = leftOut + reporter.report(report);
    observe({ kind: "load-reported", nodeId, client, clusters: stats.clusters.length, bytes: length });
    if (rows > 0) observe({ kind: "load-left-out", nodeId, client, rows });
    tell();
  }

  call.on("end", () => {
    close("the client closed the stream");
    call.end();
  });
  call.on("cancelled", () => close("cancelled"));
  call.on("error", (error) => close(error.message));
  call.on("close", () => close("the connection closed"));

  function open(node: Node | undefined): Session | undefined {
    const identity = parts.identify(node);
    if (!identity.ok) return refuse(status.INVALID_ARGUMENT, identity.problems.map(problemText).join("; "));
    const { nodeId, kind: client } = identity.value;
    const reason = parts.refuse(identity.value, callerOf(call));
    if (reason !== undefined) return refuse(status.PERMISSION_DENIED, reason);
    const { region = "", zone = "", subZone = "" } = node?.locality ?? {};
    const supportsAll = node?.clientFeatures.includes(reportsAll) ?? false;
    observe({ kind: "load-reporter-connected", nodeId, client, peer });
    return {
      ...{ nodeId, client },
      reporter: loads.reporter({ nodeId, from: { region, zone, subZone } }),
      pacer: pace.join(),
      tell: createTeller(call, pace, supportsAll ? undefined : () => parts.clusters(identity.value.viewer)),
    };
  }

  function refuse(code: status, reason: string): undefined {
    observe({ kind: "load-reporter-refused", peer, reason });
    end(code, reason);
  }

  function end(code: status, details: string): void {
    close(details);
    call.emit("error", { code, details } satisfies Partial<ServiceError>);
  }

  function close(cause: string): void {
    if (ended) return;
    ended = true;
    clearTimeout(silent);
    if (session === undefined) return;
    const { nodeId, client, reporter, pacer } = session;
    reporter[Symbol.dispose]();
    pacer[Symbol.dispose]();
    observe({ kind: "load-reporter-gone", nodeId, client, peer, cause });
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

const reportsAll = "envoy.lrs.supports_send_all_clusters";

/** Tells a client what to report (all clusters, or these) and how often: at first, and whenever that has changed. */
function createTeller(call: Call, pace: Pace, clusters: (() => readonly string[]) | undefined): () => void {
  let toldMs: number | undefined;
  let toldClusters: readonly string[] = [];
  return () => {
    const intervalMs = pace.intervalMs();
    const wanted = clusters?.() ?? toldClusters;
    if (toldMs === intervalMs && toldClusters === wanted) return;
    [toldMs, toldClusters] = [intervalMs, wanted];
    call.write(
      create(LoadStatsResponseSchema, {
        sendAllClusters: clusters === undefined,
        clusters: [...wanted],
        loadReportingInterval: durationFromMs(intervalMs),
        reportEndpointGranularity: true,
      }),
    );
  };
}

import type { JsonValue } from "@bufbuild/protobuf";
import { addressOf } from "./comparable.ts";
import { list, numeral, record, text } from "./json-reading.ts";

/** An endpoint of a cluster, as a client sees it. Counts are since the client knows it. */
export type HostLook = {
  readonly address: string;
  /** `dc-a/z1`. */
  readonly locality: string;
  readonly isEjected: boolean;
  /** What else it says against it: `failed_active_health_check`. */
  readonly flags: readonly string[];
  readonly requests: number;
  readonly errors: number;
  /** Percent, where success-rate outlier detection has one. */
  readonly successRate: number | undefined;
};

/** A cluster, as a client sees it. Counters are since the client started. */
export type ClusterLook = {
  readonly cluster: string;
  readonly hosts: readonly HostLook[];
  /** Ejections that `max_ejection_percent` suppressed. */
  readonly overflow: number;
  /** Choices of an endpoint that were made in panic. */
  readonly panic: number;
  /** `default.rq_open`. */
  readonly breakersOpen: readonly string[];
};

/** The counters that are asked for, as RE2 for `/stats?filter=`. */
export const statsFilter =
  "^cluster\\..+\\.(outlier_detection\\.ejections_overflow|lb_healthy_panic|circuit_breakers\\.(default|high)\\.(cx|rq|rq_pending|rq_retry)_open)$";

/** Out of `/clusters?format=json` (envoy.admin.v3.Clusters) and `/stats?format=json`. */
export function envoyClusters(clusters: JsonValue, stats: JsonValue): readonly ClusterLook[] {
  const counted = new Map<string, Map<string, number>>();
  for (const each of list(record(stats)["stats"])) {
    const { name, value } = record(each);
    const [, cluster = "", what = ""] =
      /^cluster\.(.+?)\.(outlier_detection\.ejections_overflow|lb_healthy_panic|circuit_breakers\..+)$/.exec(
        text(name),
      ) ?? [];
    const own = counted.get(cluster) ?? new Map<string, number>();
    counted.set(cluster, own.set(what, numeral(value)));
  }
  return list(record(clusters)["cluster_statuses"]).flatMap((each) => {
    const { name, host_statuses, added_via_api } = record(each);
    // What is static is its own: the connection to Weir.
    if (added_via_api !== true) return [];
    // Dots and colons of names are underscores in the names of counters (Envoy sanitizes `:` alone; `|` stays).
    const own = counted.get(text(name).replaceAll(":", "_")) ?? new Map<string, number>();
    return [
      {
        cluster: text(name),
        hosts: list(host_statuses).map(hostOf),
        overflow: own.get("outlier_detection.ejections_overflow") ?? 0,
        panic: own.get("lb_healthy_panic") ?? 0,
        breakersOpen: [...own].flatMap(([what, value]) =>
          what.startsWith(breakers) && value > 0 ? [what.slice(breakers.length)] : [],
        ),
      },
    ];
  });
}

const breakers = "circuit_breakers.";

function hostOf(host: JsonValue): HostLook {
  const { address, locality, health_status, stats, success_rate } = record(host);
  const { region, zone, sub_zone } = record(locality);
  const counts = new Map(list(stats).map((each) => [text(record(each)["name"]), numeral(record(each)["value"])]));
  const said = Object.entries(record(health_status)).flatMap(([flag, value]) => (value === true ? [flag] : []));
  const rate = record(success_rate)["value"];
  return {
    address: addressOf(address),
    locality: [text(region), text(zone), text(sub_zone)].join("/").replace(/\/+$/, ""),
    isEjected: said.includes("failed_outlier_check"),
    flags: said,
    requests: counts.get("rq_total") ?? 0,
    errors: counts.get("rq_error") ?? 0,
    successRate: typeof rate === "number" && rate >= 0 ? rate : undefined,
  };
}

import type { Dashboard, Panel } from "./dashboard.ts";

const job = 'job="weir-report"';

function series(
  title: string,
  unit: Panel["unit"],
  queries: Readonly<Record<string, string>>,
  more: Partial<Panel> = {},
) {
  const list = Object.entries(queries).map(([legend, expr]) => ({ expr, legend }));
  return { kind: "timeseries", title, unit, queries: list, ...more } as const satisfies Panel;
}

function stat(title: string, unit: Panel["unit"], expr: string): Panel {
  return { kind: "stat", title, unit, queries: [{ expr }] };
}

/** Calls, the queue, workers, results, notices and the cleaner. */
export const reportService: Dashboard = {
  uid: "weir-report-service",
  title: "Weir: Report service",
  variables: [{ name: "cluster", query: "label_values(report_cluster_workers, cluster)" }],
  rows: [
    {
      title: "Now",
      panels: [
        stat("Servers", "short", `sum(up{${job}})`),
        stat("Store reached", "short", "max(report_store_up)"),
        stat("Calls that fail, last hour", "percentunit", "max(report_calls:error_ratio_rate1h)"),
        stat("Waiting", "short", "max(report_queue_length)"),
        stat("Oldest waits", "s", "max(report_queue_age_seconds)"),
        stat("Kinds not made", "short", "sum(report_circuits_open)"),
      ],
    },
    {
      title: "Calls",
      panels: [
        series("By status", "reqps", {
          "{{grpc_method}} {{grpc_status}}": `sum by (grpc_method, grpc_status) (rate(grpc_server_call_duration_seconds_count{${job}}[$__rate_interval]))`,
        }),
        series("Latency (99 %)", "s", {
          "{{grpc_method}}": `histogram_quantile(0.99, sum by (le, grpc_method) (rate(grpc_server_call_duration_seconds_bucket{${job}}[$__rate_interval])))`,
        }),
        series(
          "Burn rate of the budget (0.1 %)",
          "short",
          {
            "5 min": "max(report_calls:error_ratio_rate5m) / 0.001",
            "1 h": "max(report_calls:error_ratio_rate1h) / 0.001",
            "6 h": "max(report_calls:error_ratio_rate6h) / 0.001",
          },
          { says: "14.4 for an hour wakes someone up, 6 for six hours is for the same day." },
        ),
        series(
          "Reads of one report",
          "reqps",
          { "{{from}}": "sum by (from) (rate(report_reads_total[$__rate_interval]))" },
          { says: "From memory, the shared cache or the store." },
        ),
      ],
    },
    {
      title: "Queue and workers",
      panels: [
        series("Reports that wait", "short", {
          "{{cluster}}": 'max by (cluster) (report_cluster_queue_length{cluster=~"$cluster"})',
        }),
        series("The oldest waits", "s", {
          "{{cluster}}": 'max by (cluster) (report_cluster_queue_age_seconds{cluster=~"$cluster"})',
        }),
        series("Workers", "short", {
          "{{cluster}} all": 'sum by (cluster) (report_cluster_workers{cluster=~"$cluster"})',
          "{{cluster}} busy": 'sum by (cluster) (report_cluster_busy_workers{cluster=~"$cluster"})',
          "{{cluster}} needed":
            'sum by (cluster) (report_cluster_busy_workers{cluster=~"$cluster"}) + max by (cluster) (report_cluster_backlog_workers{cluster=~"$cluster"})',
        }),
        series("Reports made", "ops", {
          "{{kind}} {{end}}": "sum by (kind, end) (rate(report_job_duration_seconds_count[$__rate_interval]))",
        }),
        series("Time to make one (95 %)", "s", {
          "{{kind}}":
            "histogram_quantile(0.95, sum by (le, kind) (rate(report_job_duration_seconds_bucket[$__rate_interval])))",
        }),
        series("Kinds not made", "short", {
          "{{cluster}}": 'max by (cluster) (report_circuits_open{cluster=~"$cluster"})',
        }),
      ],
    },
    {
      title: "Results, notices, store",
      panels: [
        series("Results that wait", "short", { waiting: "max(report_results_waiting)" }),
        series("Results written at once", "short", {
          "95 %": "histogram_quantile(0.95, sum by (le) (rate(report_results_batch_size_bucket[$__rate_interval])))",
        }),
        series("Notices", "ops", {
          "{{end}}": "sum by (end) (rate(report_notices_total[$__rate_interval]))",
          "failed tries": "sum(rate(report_notice_failures_total[$__rate_interval]))",
        }),
        series("Overdue notices", "s", { overdue: "max(report_notices_overdue_seconds)" }),
        series("Store and Redis", "short", {
          "store reached by {{instance}}": "report_store_up",
          "store takes writes of {{instance}}": "report_store_writable",
          "Redis lost": "sum(increase(report_redis_lost_total[$__rate_interval]))",
        }),
        series(
          "Clock is behind the store's",
          "s",
          { "{{instance}}": "report_clock_offset_seconds" },
          { says: "More than a second, to either side, for five minutes fires ReportClockOff." },
        ),
        series(
          "Oldest transaction in Postgres",
          "s",
          { "{{job}}": "max by (job) (report_store_oldest_transaction_seconds)" },
          { says: "While it is open, nothing that was overwritten or deleted since can be removed.", mayBeEmpty: true },
        ),
        series(
          "Cleaned",
          "ops",
          {
            "{{what}}": "sum by (what) (rate(report_cleaned_total[$__rate_interval]))",
            "{{what}} failed": "sum by (what) (rate(report_clean_failures_total[$__rate_interval]))",
          },
          { mayBeEmpty: true },
        ),
        series(
          "Objects",
          "Bps",
          { "{{method}}": "sum by (method) (rate(report_object_bytes_total[$__rate_interval]))" },
          { mayBeEmpty: true },
        ),
        series(
          "Broker",
          "short",
          {
            "not told": "max(report_broker_unpublished)",
            "not passed on": "max(report_broker_undelivered)",
            "refuses: {{doing}} {{topic}} {{code}}": "max by (doing, topic, code) (report_broker_refuses)",
          },
          { mayBeEmpty: true },
        ),
        series(
          "Replicas of other data centers are behind",
          "s",
          { "{{peer}}": "max by (peer) (report_peer_replication_lag_seconds)" },
          { mayBeEmpty: true },
        ),
        series(
          "Files of other data centers that are not here",
          "ops",
          {
            "{{datacenter}} {{why}}":
              "sum by (datacenter, why) (rate(report_artifacts_not_here_total[$__rate_interval]))",
          },
          { mayBeEmpty: true },
        ),
        series(
          "Oldest sampled report of other data centers whose files are not here",
          "s",
          { "{{datacenter}}": "max by (datacenter) (report_objects_behind_seconds)" },
          { mayBeEmpty: true },
        ),
      ],
    },
    {
      title: "Process",
      panels: [
        series("CPU", "percentunit", {
          "{{instance}}": `rate(process_cpu_seconds_total{${job}}[$__rate_interval])`,
        }),
        series("Memory", "bytes", { "{{instance}}": `process_resident_memory_bytes{${job}}` }),
        series("Event loop lag (99 %)", "s", { "{{instance}}": `nodejs_eventloop_lag_p99_seconds{${job}}` }),
      ],
    },
  ],
};

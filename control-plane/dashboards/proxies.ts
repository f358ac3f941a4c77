import type { Dashboard, Panel } from "./dashboard.ts";

const of = 'envoy_cluster_name=~"$service",instance=~"$instance"';

function cluster(
  title: string,
  unit: Panel["unit"],
  metrics: Readonly<Record<string, string>>,
  more: Partial<Panel> = {},
): Panel {
  const queries = Object.entries(metrics).map(([legend, metric]) => ({
    expr:
      unit === "ops" || unit === "reqps"
        ? `sum by (envoy_cluster_name) (rate(envoy_cluster_${metric}{${of}}[$__rate_interval]))`
        : `sum by (envoy_cluster_name) (envoy_cluster_${metric}{${of}})`,
    legend: `{{envoy_cluster_name}} ${legend}`.trim(),
  }));
  return { kind: "timeseries", title, unit, queries, ...more };
}

/** What Envoys count, under Envoy's own names. */
export const proxies: Dashboard = {
  uid: "weir-proxies",
  title: "Weir: Proxies",
  variables: [
    { name: "service", query: "label_values(envoy_cluster_membership_total, envoy_cluster_name)" },
    { name: "instance", query: "label_values(envoy_server_live, instance)" },
  ],
  rows: [
    {
      title: "Now",
      panels: [
        { kind: "stat", title: "Proxies", unit: "short", queries: [{ expr: "sum(envoy_server_live)" }] },
        {
          kind: "stat",
          title: "With a control plane",
          unit: "short",
          queries: [{ expr: "sum(envoy_control_plane_connected_state)" }],
        },
        {
          kind: "stat",
          title: "Ejected endpoints",
          unit: "short",
          queries: [{ expr: `sum(envoy_cluster_outlier_detection_ejections_active{${of}})` }],
        },
        {
          kind: "stat",
          title: "Open breakers",
          unit: "short",
          queries: [
            {
              expr: `sum({__name__=~"envoy_cluster_circuit_breakers_default_(cx|rq|rq_pending|rq_retry)_open",${of}})`,
            },
          ],
        },
      ],
    },
    {
      title: "Requests",
      panels: [
        {
          kind: "timeseries",
          title: "By class of answer",
          unit: "reqps",
          queries: [
            {
              expr: `sum by (envoy_cluster_name, envoy_response_code_class) (rate(envoy_cluster_upstream_rq_xx{${of}}[$__rate_interval]))`,
              legend: "{{envoy_cluster_name}} {{envoy_response_code_class}}xx",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Latency",
          unit: "ms",
          queries: [0.5, 0.99].map((q) => ({
            expr: `histogram_quantile(${q}, sum by (le, envoy_cluster_name) (rate(envoy_cluster_upstream_rq_time_bucket{${of}}[$__rate_interval])))`,
            legend: `{{envoy_cluster_name}} ${q * 100} %`,
          })),
        },
        cluster("In flight and waiting", "short", {
          "in flight": "upstream_rq_active",
          waiting: "upstream_rq_pending_active",
        }),
        cluster("Retries", "ops", {
          "": "upstream_rq_retry",
          "that helped": "upstream_rq_retry_success",
          "over the budget": "upstream_rq_retry_overflow",
        }),
        cluster("Refused by a breaker", "ops", {
          connections: "upstream_cx_overflow",
          "waiting requests": "upstream_rq_pending_overflow",
        }),
        cluster("Timeouts and failed connections", "ops", {
          timeouts: "upstream_rq_timeout",
          "connections failed": "upstream_cx_connect_fail",
        }),
      ],
    },
    {
      title: "Endpoints",
      panels: [
        cluster("Healthy of all", "short", { healthy: "membership_healthy", all: "membership_total" }),
        cluster("Ejected", "short", { "": "outlier_detection_ejections_active" }),
        cluster("Ejections", "ops", {
          enforced: "outlier_detection_ejections_enforced_total",
          suppressed: "outlier_detection_ejections_overflow",
        }),
        cluster("Choices in panic", "ops", { "": "lb_healthy_panic" }),
        {
          kind: "timeseries",
          title: "Open breakers",
          unit: "short",
          queries: ["cx", "rq", "rq_pending", "rq_retry"].map((which) => ({
            expr: `sum by (envoy_cluster_name) (envoy_cluster_circuit_breakers_default_${which}_open{${of}})`,
            legend: `{{envoy_cluster_name}} ${which}`,
          })),
        },
        cluster("Connections", "short", { "": "upstream_cx_active" }),
      ],
    },
    {
      title: "Process",
      panels: [
        {
          kind: "timeseries",
          title: "Connected to a control plane",
          unit: "short",
          queries: [{ expr: 'envoy_control_plane_connected_state{instance=~"$instance"}', legend: "{{instance}}" }],
        },
        {
          kind: "timeseries",
          title: "Memory",
          unit: "bytes",
          queries: [{ expr: 'envoy_server_memory_allocated{instance=~"$instance"}', legend: "{{instance}}" }],
        },
        {
          kind: "timeseries",
          title: "Clients' requests",
          unit: "reqps",
          queries: [
            {
              expr: 'sum by (instance, envoy_response_code_class) (rate(envoy_http_downstream_rq_xx{envoy_http_conn_manager_prefix!="admin",instance=~"$instance"}[$__rate_interval]))',
              legend: "{{instance}} {{envoy_response_code_class}}xx",
            },
          ],
        },
      ],
    },
  ],
};

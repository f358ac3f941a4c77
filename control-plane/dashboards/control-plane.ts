import type { Dashboard } from "./dashboard.ts";

const at = 'instance=~"$instance"';
const quantile = (name: string, q = 0.99) =>
  `histogram_quantile(${q}, sum by (le) (rate(${name}_bucket{${at}}[$__rate_interval])))`;

/** Is the control plane well, are clients in step, are sources seen? */
export const controlPlane: Dashboard = {
  uid: "weir-control-plane",
  title: "Weir: Control plane",
  variables: [{ name: "instance", query: 'label_values(up{job="weir"}, instance)' }],
  rows: [
    {
      title: "Now",
      panels: [
        { kind: "stat", title: "Control planes", unit: "short", queries: [{ expr: `sum(up{job="weir",${at}})` }] },
        { kind: "stat", title: "Revision", unit: "short", queries: [{ expr: `max(config_revision{${at}})` }] },
        { kind: "stat", title: "Clients", unit: "short", queries: [{ expr: `sum(xds_clients{${at}})` }] },
        {
          kind: "stat",
          title: "Behind or in error",
          says: "Clients and types that are STALE or ERROR.",
          unit: "short",
          queries: [{ expr: `sum(xds_client_status{status=~"STALE|ERROR",${at}}) or vector(0)` }],
        },
        {
          kind: "stat",
          title: "Rejected, last hour",
          unit: "short",
          queries: [{ expr: `sum(increase(xds_nack_total{${at}}[1h]))` }],
        },
        {
          kind: "stat",
          title: "Held back",
          says: "Endpoints whose loss or appearance is not believed yet.",
          unit: "short",
          queries: [{ expr: `sum(guard_held_endpoints{${at}}) or vector(0)` }],
        },
      ],
    },
    {
      title: "Clients",
      panels: [
        {
          kind: "timeseries",
          title: "Connected",
          unit: "short",
          queries: [{ expr: `sum by (kind, protocol) (xds_clients{${at}})`, legend: "{{kind}} {{protocol}}" }],
        },
        {
          kind: "timeseries",
          title: "Status by type",
          unit: "short",
          queries: [{ expr: `sum by (type, status) (xds_client_status{${at}})`, legend: "{{type}} {{status}}" }],
        },
        {
          kind: "timeseries",
          title: "Responses",
          unit: "ops",
          queries: [
            { expr: `sum by (type) (rate(xds_push_total{${at}}[$__rate_interval]))`, legend: "{{type}} sent" },
            { expr: `sum by (type) (rate(xds_nack_total{${at}}[$__rate_interval]))`, legend: "{{type}} rejected" },
          ],
        },
        {
          kind: "timeseries",
          title: "From a change to the last ACK",
          says: "Only while something changes.",
          unit: "s",
          mayBeEmpty: true,
          queries: [
            { expr: quantile("xds_convergence_seconds", 0.5), legend: "50 %" },
            { expr: quantile("xds_convergence_seconds"), legend: "99 %" },
          ],
        },
        {
          kind: "timeseries",
          title: "Where that time goes (99 %)",
          says: "Only while something changes.",
          unit: "s",
          mayBeEmpty: true,
          queries: [
            { expr: quantile("xds_debounce_seconds"), legend: "collecting changes" },
            { expr: quantile("xds_snapshot_build_seconds"), legend: "making a snapshot" },
            { expr: quantile("xds_push_queue_seconds"), legend: "waiting for a turn" },
          ],
        },
        {
          kind: "timeseries",
          title: "Bytes sent",
          unit: "Bps",
          queries: [
            { expr: `sum by (type) (rate(xds_response_bytes_sum{${at}}[$__rate_interval]))`, legend: "{{type}}" },
          ],
        },
        {
          kind: "timeseries",
          title: "Refused",
          unit: "ops",
          queries: [
            { expr: `sum(rate(xds_client_refused_total{${at}}[$__rate_interval]))`, legend: "clients" },
            {
              expr: `sum by (reason) (rate(xds_connection_refused_total{${at}}[$__rate_interval]))`,
              legend: "connections: {{reason}}",
            },
            {
              expr: `sum by (reason) (rate(xds_stream_refused_total{${at}}[$__rate_interval]))`,
              legend: "streams: {{reason}}",
            },
          ],
          mayBeEmpty: true,
        },
        {
          kind: "timeseries",
          title: "Bugs",
          says: "Anything but 0 is one.",
          unit: "short",
          queries: [
            { expr: `sum(increase(xds_snapshot_withheld_total{${at}}[$__rate_interval]))`, legend: "snapshots" },
            { expr: `sum(increase(xds_client_failed_total{${at}}[$__rate_interval]))`, legend: "streams" },
          ],
        },
      ],
    },
    {
      title: "Sources and documents",
      panels: [
        {
          kind: "timeseries",
          title: "Not seen for",
          unit: "s",
          queries: [
            {
              expr: `max by (source, datacenter) (registry_sync_age_seconds{${at}})`,
              legend: "{{source}} {{datacenter}}",
            },
            { expr: `max by (store) (config_store_sync_age_seconds{${at}})`, legend: "documents: {{store}}" },
          ],
        },
        {
          kind: "timeseries",
          title: "Endpoints",
          unit: "short",
          queries: [
            {
              expr: `max by (service, health) (sum by (instance, service, health) (registry_endpoints{${at}}))`,
              legend: "{{service}} {{health}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Changes of endpoints",
          unit: "ops",
          queries: [
            {
              expr: `sum by (source, datacenter) (rate(registry_events_total{${at}}[$__rate_interval]))`,
              legend: "{{source}} {{datacenter}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Changes of documents",
          unit: "short",
          queries: [
            {
              expr: `sum by (source, result) (increase(config_apply_total{${at}}[$__rate_interval]))`,
              legend: "{{source}} {{result}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Findings",
          says: "What weir analyze says of the documents in force.",
          unit: "short",
          queries: [{ expr: `max by (severity) (config_findings{${at}})`, legend: "{{severity}}" }],
        },
      ],
    },
    {
      title: "Process",
      panels: [
        {
          kind: "timeseries",
          title: "CPU",
          says: "Of one core.",
          unit: "percentunit",
          queries: [
            { expr: `rate(process_cpu_seconds_total{job="weir",${at}}[$__rate_interval])`, legend: "{{instance}}" },
          ],
        },
        {
          kind: "timeseries",
          title: "Memory",
          unit: "bytes",
          queries: [{ expr: `process_resident_memory_bytes{job="weir",${at}}`, legend: "{{instance}}" }],
        },
        {
          kind: "timeseries",
          title: "Event loop lag (99 %)",
          unit: "s",
          queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{job="weir",${at}}`, legend: "{{instance}}" }],
        },
        {
          kind: "timeseries",
          title: "Operator API",
          unit: "reqps",
          queries: [
            {
              expr: `sum by (method, route, code) (rate(operator_requests_total{${at}}[$__rate_interval]))`,
              legend: "{{method}} {{route}} {{code}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Certificates end in",
          unit: "s",
          mayBeEmpty: true,
          queries: [
            {
              expr: `min by (certificate) (tls_certificate_expiry_timestamp_seconds{${at}}) - time()`,
              legend: "{{certificate}}",
            },
          ],
        },
      ],
    },
  ],
};

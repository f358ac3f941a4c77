import type { Dashboard } from "./dashboard.ts";

const of = 'service=~"$service"';

/** Who sends how much where: configured beside observed, as clients report it. */
export const traffic: Dashboard = {
  uid: "weir-traffic",
  title: "Weir: Traffic by data center",
  variables: [{ name: "service", query: "label_values(registry_endpoints, service)" }],
  rows: [
    {
      title: "Now",
      panels: [
        {
          kind: "stat",
          title: "Requests",
          unit: "reqps",
          queries: [{ expr: `sum(rate(traffic_requests_total{${of}}[$__rate_interval]))` }],
        },
        {
          kind: "stat",
          title: "Not ok",
          unit: "percentunit",
          queries: [
            {
              expr: `(sum(rate(traffic_requests_total{result!="ok",${of}}[$__rate_interval])) or vector(0)) / sum(rate(traffic_requests_total{${of}}[$__rate_interval]))`,
            },
          ],
        },
        {
          kind: "stat",
          title: "On standbys",
          says: "Rules whose callers send to their failover.",
          unit: "short",
          queries: [{ expr: `sum(max by (service, from) (traffic_failover_active{${of}})) or vector(0)` }],
        },
        {
          kind: "stat",
          title: "Endpoints that serve",
          unit: "short",
          queries: [{ expr: `max(sum by (instance) (registry_endpoints{health="serving",${of}}))` }],
        },
        {
          kind: "stat",
          title: "Clients that report",
          unit: "short",
          queries: [{ expr: "sum(traffic_reporting_clients)" }],
        },
      ],
    },
    {
      title: "Requests",
      panels: [
        {
          kind: "timeseries",
          title: "Into each data center",
          unit: "reqps",
          queries: [
            {
              expr: `sum by (service, to) (rate(traffic_requests_total{${of}}[$__rate_interval]))`,
              legend: "{{service}} in {{to}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "From data center to data center",
          unit: "reqps",
          queries: [
            {
              expr: `sum by (from, to) (rate(traffic_requests_total{${of}}[$__rate_interval]))`,
              legend: "{{from}} → {{to}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Errors and drops",
          unit: "reqps",
          mayBeEmpty: true,
          queries: [
            {
              expr: `sum by (service, to, result) (rate(traffic_requests_total{result!="ok",${of}}[$__rate_interval]))`,
              legend: "{{service}} in {{to}}: {{result}}",
            },
          ],
        },
      ],
    },
    {
      title: "Shares",
      panels: [
        {
          kind: "timeseries",
          title: "Configured",
          says: "Overrides, drains and shifts included.",
          unit: "percentunit",
          queries: [
            {
              expr: `max by (service, from, to) (traffic_weight{${of}})`,
              legend: "{{service}}: {{from}} → {{to}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Observed",
          unit: "percentunit",
          queries: [
            {
              expr: `avg by (service, from, to) (traffic_observed_ratio{${of}})`,
              legend: "{{service}}: {{from}} → {{to}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Apart",
          says: "The alert WeightDrift is at 10 %.",
          unit: "percentunit",
          queries: [
            {
              expr: `abs(avg by (service, from, to) (traffic_observed_ratio{${of}}) - max by (service, from, to) (traffic_weight{${of}}))`,
              legend: "{{service}}: {{from}} → {{to}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Failover active",
          unit: "short",
          queries: [
            { expr: `max by (service, from) (traffic_failover_active{${of}})`, legend: "{{service}} from {{from}}" },
          ],
          mayBeEmpty: true,
        },
        {
          kind: "timeseries",
          title: "Shifts that run",
          unit: "short",
          mayBeEmpty: true,
          queries: [
            { expr: `max by (service, from) (traffic_shift_running{${of}})`, legend: "{{service}} from {{from}}" },
          ],
        },
        {
          kind: "timeseries",
          title: "Overrides end in",
          unit: "s",
          mayBeEmpty: true,
          queries: [
            {
              expr: `min by (service, locality) (traffic_override_expiry_timestamp_seconds{${of}}) - time()`,
              legend: "{{service}}: {{locality}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Endpoints by place",
          unit: "short",
          queries: [
            {
              expr: `max by (service, locality, health) (registry_endpoints{${of}})`,
              legend: "{{service}} {{locality}} {{health}}",
            },
          ],
        },
      ],
    },
  ],
};

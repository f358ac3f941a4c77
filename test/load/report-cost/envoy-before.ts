/** A bootstrap for an Envoy with one listener, `reports`, in front of one server at `host:port`: plaintext, no logs. */
export function envoyBefore(address: string): object {
  const [host, port] = address.split(":");
  const http2 = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
      "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
      explicit_http_config: { http2_protocol_options: {} },
    },
  };
  const route = { match: { prefix: "/" }, route: { cluster: "reports", timeout: "0s" } };
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "reports",
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [route] }] },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
  const endpoint = { address: { socket_address: { address: host, port_value: Number(port) } } };
  return {
    static_resources: {
      listeners: [
        {
          name: "reports",
          address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
          filter_chains: [
            { filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] },
          ],
        },
      ],
      clusters: [
        {
          name: "reports",
          type: "STATIC",
          connect_timeout: "2s",
          typed_extension_protocol_options: http2,
          load_assignment: { cluster_name: "reports", endpoints: [{ lb_endpoints: [{ endpoint }] }] },
        },
      ],
    },
  };
}

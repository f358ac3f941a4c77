import { isIP } from "node:net";
import type { Locality } from "../model/locality.ts";
import { localityFields } from "./locality-fields.ts";

type Address = { readonly host: string; readonly port: number };

/** What an Envoy has to be told before it can ask Weir for everything else. */
export type EnvoyBootstrap = {
  readonly nodeId: string;
  readonly role: "edge" | "sidecar";
  /** The service that a sidecar stands beside. An edge has none: it is known by the cluster `edge`. */
  readonly service?: string;
  readonly locality: Locality;
  readonly xds: Address;
  /** Where its listener binds; unless told 0.0.0.0:10000 for an edge, 127.0.0.1:15001 for a sidecar. */
  readonly listen?: Address;
  /** What a sidecar takes calls for: where callers reach it, and where its application listens. */
  readonly inbound?: readonly {
    readonly service: string;
    readonly listen: Address;
    readonly application: Address;
  }[];
  /** Its admin pages; 127.0.0.1:9901 unless told. */
  readonly admin?: Address;
  /** Whether Weir is told where these are, to ask what it runs; it asks where `clients.admin.allow` lets it. */
  readonly tellsAdmin?: boolean;
  /** Delta unless told: it is sent only what changed, and after a reconnect nothing that it has. */
  readonly variant?: "delta" | "sotw";
  /** Files on the machine of the Envoy; for an xDS port with TLS. */
  readonly tls?: {
    readonly certFile: string;
    readonly keyFile: string;
    readonly caFile: string;
    /** The name that the server's certificate must bear. */
    readonly serverName: string;
  };
};

const defaultListen = {
  edge: { host: "0.0.0.0", port: 10_000 },
  sidecar: { host: "127.0.0.1", port: 15_001 },
} as const;
const defaultAdmin: Address = { host: "127.0.0.1", port: 9901 };

/** An Envoy 1.40 bootstrap (envoy.config.bootstrap.v3.Bootstrap as JSON), to be written as YAML or JSON. */
export function envoyBootstrap(wanted: EnvoyBootstrap) {
  const { nodeId, role, service, locality, inbound = [], admin = defaultAdmin, variant = "delta" } = wanted;
  const listen = wanted.listen ?? defaultListen[role];
  return {
    node: {
      id: nodeId,
      // How Weir knows its role: the cluster is `edge`, or the service that it stands beside.
      cluster: role === "edge" ? "edge" : (service ?? nodeId),
      ...localityFields(locality),
      metadata: {
        weir: {
          listen: addressText(listen),
          ...(inbound.length > 0 && {
            inbound: inbound.map(({ service, listen, application }) => ({
              service,
              listen: addressText(listen),
              application: addressText(application),
            })),
          }),
          ...(wanted.tellsAdmin && { admin: addressText(admin) }),
        },
      },
    },
    admin: {
      address: socketAddress(admin),
      // When the proxy is full, its admin pages are what one needs to see.
      ignore_global_conn_limit: true,
    },
    dynamic_resources: {
      ads_config: {
        api_type: variant === "delta" ? "DELTA_GRPC" : "GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: "xds",
              // Envoy's own waits up to 30 s for the next try; it jitters, so that a fleet does not return at once.
              retry_policy: { retry_back_off: { base_interval: "0.5s", max_interval: "10s" } },
            },
          },
        ],
      },
      cds_config: { ads: {}, resource_api_version: "V3" },
      lds_config: { ads: {}, resource_api_version: "V3" },
    },
    // Without this Envoy counts, but tells nobody.
    cluster_manager: {
      load_stats_config: {
        api_type: "GRPC",
        transport_api_version: "V3",
        grpc_services: [{ envoy_grpc: { cluster_name: "xds" } }],
      },
    },
    static_resources: { clusters: [xdsCluster(wanted)] },
    overload_manager: overloadManager(limits[role]),
    // Histograms are merged when someone looks, not every five seconds.
    stats_flush_on_admin: true,
  };
}

function xdsCluster({ xds, tls }: EnvoyBootstrap) {
  return {
    name: "xds",
    type: isIP(xds.host) === 0 ? "STRICT_DNS" : "STATIC",
    connect_timeout: "1s",
    load_assignment: {
      cluster_name: "xds",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(xds) } }] }],
    },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: {
          http2_protocol_options: {
            // A control plane behind a cut network says nothing more; without pings Envoy would wait for it for ever.
            connection_keepalive: { interval: "30s", timeout: "5s" },
            initial_stream_window_size: 1_048_576,
            initial_connection_window_size: 1_048_576,
          },
        },
      },
    },
    ...(tls && { transport_socket: transportSocket(tls) }),
  };
}

function transportSocket({ certFile, keyFile, caFile, serverName }: NonNullable<EnvoyBootstrap["tls"]>) {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      sni: serverName,
      common_tls_context: {
        // The maximum has to be said too: as a client Envoy stops at 1.2 and is then left with no version at all (seen with
        // 1.40: "NO_SUPPORTED_VERSIONS", at debug level only; --mode validate accepts it).
        tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
        alpn_protocols: ["h2"],
        tls_certificates: [{ certificate_chain: { filename: certFile }, private_key: { filename: keyFile } }],
        validation_context: {
          trusted_ca: { filename: caFile },
          match_typed_subject_alt_names: [
            { san_type: isIP(serverName) === 0 ? "DNS" : "IP_ADDRESS", matcher: { exact: serverName } },
          ],
        },
      },
    },
  };
}

const limits = {
  edge: { connections: 50_000, heapBytes: 2 * 1024 ** 3 },
  sidecar: { connections: 10_000, heapBytes: 512 * 1024 ** 2 },
} as const;

/** Envoy has no limits of its own; its edge guide ("Configuring Envoy as an edge proxy") asks for these. */
function overloadManager({ connections, heapBytes }: { readonly connections: number; readonly heapBytes: number }) {
  const fixedHeap = "envoy.resource_monitors.fixed_heap";
  const whenHeapIs = (name: string, share: number) => ({
    name,
    triggers: [{ name: fixedHeap, threshold: { value: share } }],
  });
  return {
    refresh_interval: "0.25s",
    resource_monitors: [
      {
        name: fixedHeap,
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
          max_heap_size_bytes: heapBytes,
        },
      },
      {
        name: "envoy.resource_monitors.global_downstream_max_connections",
        typed_config: {
          "@type":
            "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
          max_active_downstream_connections: connections,
        },
      },
    ],
    actions: [
      whenHeapIs("envoy.overload_actions.shrink_heap", 0.9),
      whenHeapIs("envoy.overload_actions.stop_accepting_requests", 0.95),
    ],
  };
}

function addressText({ host, port }: Address): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

function socketAddress({ host, port }: Address) {
  return { socket_address: { address: host, port_value: port } };
}

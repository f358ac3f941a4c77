import type { z } from "zod";
import { type ConfigInput, gather, type Origin } from "./config/gather.ts";
import { isLoopback, type ListenAddress } from "./config/listen-address.ts";
import { problemAt, problemsOf } from "./config/problem.ts";
import { type LogFormat, serverFileSchema } from "./config/schema.ts";
import type { LogLevel } from "./lib/log-level.ts";
import { type Parsed, type Problem, parsed, refused } from "./lib/parsed.ts";
import { type AddressRange, anywhere, loopbackRanges } from "./model/address-range.ts";
import type { OidcSettings } from "./model/oidc-settings.ts";

export type TlsFiles = {
  readonly certFile: string;
  readonly keyFile: string;
  /** Undefined, of the xDS server only on loopback: clients are then not asked for a certificate. */
  readonly clientCAFile: string | undefined;
};

/** What xDS clients may cost, all together and each; what `startAds` takes. 0 connections or streams: as many as come. */
export type XdsLimits = {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly handshakeTimeoutMs: number;
  readonly maxIdleMs: number;
  readonly streamBurst: number;
  readonly streamsPerSecond: number;
  readonly streamsPerNodePerMinute: number;
  readonly maxConcurrentStreams: number;
  readonly maxSessionMemoryMb: number;
  readonly maxRequestBytes: number;
  readonly maxNames: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly maxConnectionAgeMs: number;
  readonly maxConnectionAgeGraceMs: number;
};

export type ConsulDatacenter = {
  /** What documents call it. */
  readonly name: string;
  /** The region of its endpoints; its name unless told. */
  readonly region: string;
  /** `http://127.0.0.1:8500`, the best first. */
  readonly addresses: readonly string[];
  /** What Consul calls it (`?dc=`); its name unless told. */
  readonly datacenter: string;
  readonly tokenFile: string | undefined;
  readonly tls:
    | {
        readonly caFile: string | undefined;
        readonly certFile: string | undefined;
        readonly keyFile: string | undefined;
        readonly serverName: string | undefined;
      }
    | undefined;
  /** May any server answer, or the leader only? */
  readonly stale: boolean;
};

export type SharedStore = {
  /** Consul agents or servers, asked in this order: `http://127.0.0.1:8500`. */
  readonly addresses: readonly string[];
  /** What all keys begin with. */
  readonly prefix: string;
  /** The name in Consul's certificate, where it is not that of the address: `server.dc1.consul`. */
  readonly serverName: string | undefined;
  /** Whose KV it is; that of the agent unless told. */
  readonly datacenter: string | undefined;
  readonly tokenFile: string | undefined;
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
};

export type KubernetesCluster = {
  /** What documents call its data center. */
  readonly name: string;
  /** The region of its endpoints; the data center's name unless told. */
  readonly region: string;
  readonly access: ClusterAccess;
  /** Whether the region is read from the label of an endpoint's node, where it has one. */
  readonly regionFromNodes: boolean;
};

export type ClusterAccess =
  | {
      readonly kind: "kubeconfig";
      readonly file: string /** Undefined: the file's current one. */;
      readonly context: string | undefined;
    }
  /** As the pod's service account; `server` like `https://10.0.0.1:443`. */
  | { readonly kind: "in-cluster"; readonly server: string; readonly folder: string };

export type DiscoverRule = {
  /** `report`, `team-*`, `*`. */
  readonly services: string;
  readonly tags: readonly string[];
  /** Every Consul data center when empty. */
  readonly datacenters: readonly string[];
  readonly protocol: "grpc" | "http2" | "http1" | "tcp";
  readonly passingOnly: boolean;
};

/** All that the process is told at its start. Paths are relative to the directory it was started in. */
export type Config = {
  readonly xds: {
    readonly address: ListenAddress;
    /** Undefined is plaintext, on loopback only. */
    readonly tls: TlsFiles | undefined;
    readonly limits: XdsLimits;
    /** What changes in a burst is sent as one: once nothing has changed for `quietMs`, or after `maxMs`. A lone change goes at once. */
    readonly debounce: { readonly quietMs: number; readonly maxMs: number };
    /** How long a client may leave a response unanswered; then its stream is ended. */
    readonly ackTimeoutMs: number;
    /** How often clients are to report their loads; less often when they are many. */
    readonly loadReports: { readonly intervalMs: number };
  };
  /** On loopback, or with both TLS and tokens. */
  readonly admin: {
    readonly address: ListenAddress;
    /** The gRPC API, with the same TLS and roles; undefined: there is none. */
    readonly grpc: { readonly address: ListenAddress } | undefined;
    /** Names under which requests may come, besides localhost and IP addresses. */
    readonly hosts: readonly string[];
    /** Without `clientCAFile` operators are not asked for certificates. */
    readonly tls: TlsFiles | undefined;
    readonly auth: {
      /** Undefined, and `oidc` too: nobody is asked who they are. */
      readonly tokens: string | undefined;
      readonly oidc: OidcSettings | undefined;
    };
  };
  /** The directory of documents to watch; undefined when there are only those of the API. */
  readonly resources: { readonly path: string | undefined };
  readonly data: { readonly path: string };
  /** Where the documents are kept for several replicas; undefined: in the data directory, for this process alone. */
  readonly store: SharedStore | undefined;
  /** Data centers with a Consul, and those with a Kubernetes cluster; one may have both. */
  readonly datacenters: readonly ConsulDatacenter[];
  readonly clusters: readonly KubernetesCluster[];
  /** Round trips between regions, as declared; each pair may be told from both sides. */
  readonly distances: readonly { readonly a: string; readonly b: string; readonly ms: number }[];
  /** Services of Consul that need no document; the first rule that takes one holds. */
  readonly discover: readonly DiscoverRule[];
  /** How much of what the sources say is believed at once, and which addresses clients may be sent to. */
  readonly guard: {
    readonly holdMs: number;
    readonly dropPercent: number;
    readonly growthFactor: number;
    readonly flapMs: number;
    readonly allow: readonly AddressRange[];
  };
  /** Which clients may be asked what they run, at the address that their node names; nobody, when nothing is allowed. */
  readonly clients: {
    readonly admin: {
      readonly allow: readonly AddressRange[];
      readonly intervalMs: number;
      readonly timeoutMs: number;
      readonly concurrency: number;
    };
  };
  /** The Prometheus that guards of shifts may ask: its URL. */
  readonly shift: { readonly prometheus: string | undefined };
  /** The report service that operators look into; neither `service` nor `address`: none. */
  readonly reports: {
    readonly service: string | undefined;
    readonly address: string | undefined;
    readonly host: string | undefined;
    readonly tenant: string;
    /** Undefined: plaintext. */
    readonly tls:
      | {
          readonly caFile: string | undefined;
          readonly certFile: string | undefined;
          readonly keyFile: string | undefined;
        }
      | undefined;
  };
  readonly telemetry: {
    readonly log: { readonly level: LogLevel; readonly format: LogFormat };
    /** Base URL of an OTLP/HTTP collector; undefined means no traces. */
    readonly otlp: { readonly endpoint: string | undefined; readonly serviceName: string };
  };
};

/**
 * What flags, variables and the server file say: a flag counts before a variable, that before the file, and that before the
 * default. Otherwise all that is wrong, each problem at the flag, the variable or the line that says it.
 */
export function parseConfig(input: ConfigInput): Parsed<Config> {
  const { value, readable, origin, problems } = gather(input);
  if (!readable) return { ok: false, problems };
  const result = serverFileSchema.safeParse(value, { reportInput: true });
  const issues = result.success ? [] : result.error.issues;
  const wrong = [...problems, ...issues.flatMap((issue) => problemsOf(issue, serverFileSchema, origin))];
  if (wrong.length > 0 || !result.success) return { ok: false, problems: wrong };
  const { xds, admin } = result.data;
  if (xds.address.port !== 0 && xds.address.port === admin.address.port)
    return refused(
      problemAt(
        ["admin", "address"],
        `${admin.address.port} is the port of xds.address too: give each its own`,
        origin,
      ),
    );
  const grpc = grpcAddressOf(result.data);
  const taken = grpc && grpc.port !== 0 && [xds.address.port, admin.address.port].includes(grpc.port);
  if (taken)
    return refused(
      problemAt(
        ["admin", "grpc", "address"],
        `${grpc.port} is the port of xds.address or admin.address too: give each its own`,
        origin,
      ),
    );
  const nowhere = discoverProblems(result.data, origin);
  return nowhere.length > 0 ? { ok: false, problems: nowhere } : parsed(configOf(result.data, input.env));
}

const protocols = { GRPC: "grpc", HTTP2: "http2", HTTP1: "http1", TCP: "tcp" } as const;

/** Rules that look where no Consul is. */
function discoverProblems(
  { datacenters, discover }: z.output<typeof serverFileSchema>,
  origin: (path: readonly (string | number)[]) => Origin,
): readonly Problem[] {
  const known = datacenters.flatMap(({ name, consul }) => (consul ? [name] : []));
  if (known.length === 0 && discover.length > 0)
    return [problemAt(["discover"], "there is no Consul to look in: give datacenters with consul", origin)];
  return discover.flatMap((rule, index) =>
    rule.datacenters.flatMap((name, at) => {
      if (known.includes(name)) return [];
      const says = `"${name}" is no data center with a Consul: expected ${known.join(", ")}`;
      return [problemAt(["discover", index, "datacenters", at], says, origin)];
    }),
  );
}

/** Beside the REST API, unless told. */
function grpcAddressOf({
  xds,
  admin,
}: Pick<z.output<typeof serverFileSchema>, "xds" | "admin">): ListenAddress | undefined {
  const { address } = admin.grpc;
  if (address === "off") return undefined;
  if (address !== undefined) return address;
  const { host, port } = admin.address;
  if (port === 0) return admin.address;
  const next = [port + 1, port + 2, port - 1].find((each) => each !== xds.address.port && each <= 65_535);
  return { host, port: next ?? 0 };
}

const mebibyte = 1024 ** 2;

function configOf(
  {
    xds,
    admin,
    resources,
    data,
    store,
    datacenters,
    discover,
    guard,
    clients,
    shift,
    reports,
    telemetry,
  }: z.output<typeof serverFileSchema>,
  env: ConfigInput["env"],
): Config {
  const { keepalive, connectionAge, connections, newStreams, ...limits } = xds.limits;
  const grpc = grpcAddressOf({ xds, admin });
  return {
    xds: {
      address: xds.address,
      tls: xds.tls && { ...xds.tls, clientCAFile: xds.tls.clientCAFile },
      limits: {
        maxConnections: connections.max,
        maxConnectionsPerAddress: connections.perAddress,
        handshakeTimeoutMs: connections.handshake,
        maxIdleMs: connections.idle,
        streamBurst: newStreams.burst,
        streamsPerSecond: newStreams.perSecond,
        streamsPerNodePerMinute: newStreams.perNodePerMinute,
        maxConcurrentStreams: limits.streamsPerConnection,
        maxSessionMemoryMb: limits.sessionMemory / mebibyte,
        maxRequestBytes: limits.messageSize,
        maxNames: limits.namesPerStream,
        keepaliveTimeMs: keepalive.interval,
        keepaliveTimeoutMs: keepalive.timeout,
        maxConnectionAgeMs: connectionAge.max,
        maxConnectionAgeGraceMs: connectionAge.grace,
      },
      debounce: { quietMs: xds.debounce.quiet, maxMs: xds.debounce.max },
      ackTimeoutMs: xds.ackTimeout,
      loadReports: { intervalMs: xds.loadReports.interval },
    },
    admin: {
      address: admin.address,
      grpc: grpc && { address: grpc },
      hosts: admin.hosts,
      tls: admin.tls && { ...admin.tls, clientCAFile: admin.tls.clientCAFile },
      auth: { tokens: admin.auth.tokens, oidc: admin.auth.oidc && oidcOf(admin.auth.oidc) },
    },
    resources: { path: resources.path },
    data,
    store: store.consul && sharedStore(store.consul),
    datacenters: datacenters.flatMap(({ name, region = name, consul }) =>
      consul
        ? {
            name,
            region,
            addresses: consul.addresses ?? [consul.address ?? ""],
            datacenter: consul.datacenter ?? name,
            tokenFile: consul.tokenFile,
            tls: consul.tls && tlsOf(consul.tls),
            stale: consul.stale,
          }
        : [],
    ),
    clusters: datacenters.flatMap(({ name, region = name, kubernetes }) => {
      if (!kubernetes) return [];
      const { kubeconfig: file, context, regionFrom } = kubernetes;
      const access = file === undefined ? inCluster(env) : ({ kind: "kubeconfig", file, context } as const);
      return { name, region, access, regionFromNodes: regionFrom === "node" };
    }),
    distances: distancesOf(datacenters),
    guard: {
      holdMs: guard.hold,
      dropPercent: guard.drop,
      growthFactor: guard.growth,
      flapMs: guard.flapping,
      // Clients on this machine may well be sent to this machine; those on others cannot have meant themselves.
      allow: guard.allow ?? (isLoopback(xds.address) ? [...anywhere, ...loopbackRanges] : anywhere),
    },
    clients: {
      admin: {
        allow: clients.admin.allow,
        intervalMs: clients.admin.interval,
        timeoutMs: clients.admin.timeout,
        concurrency: clients.admin.concurrency,
      },
    },
    discover: discover.map((rule) => ({ ...rule, protocol: protocols[rule.protocol] })),
    shift: { prometheus: shift.prometheus },
    reports: {
      ...{ service: reports.service, address: reports.address, host: reports.host, tenant: reports.tenant },
      tls: reports.tls && {
        ...{ caFile: reports.tls.caFile, certFile: reports.tls.certFile, keyFile: reports.tls.keyFile },
      },
    },
    telemetry: { log: telemetry.log, otlp: { ...telemetry.otlp, endpoint: telemetry.otlp.endpoint } },
  };
}

function oidcOf({
  clockTolerance: clockToleranceMs,
  roles,
  login,
  ...rest
}: NonNullable<z.output<typeof serverFileSchema>["admin"]["auth"]["oidc"]>): OidcSettings {
  return {
    ...{ ...rest, clockToleranceMs },
    roles: roles.map(({ services = [], datacenters = ["*"], ...role }) => ({ ...role, services, datacenters })),
    // An ID token is meant for the client that asked for it; what is meant for another is an access token.
    login: login && {
      ...login,
      shows: login.shows ?? (login.clientId === rest.audience ? "id-token" : "access-token"),
    },
  };
}

/** Under their regions, for data centers are told by their names; one that is told of nowhere else is a region itself. */
function distancesOf(datacenters: z.output<typeof serverFileSchema>["datacenters"]): Config["distances"] {
  const regionOf = new Map(datacenters.map(({ name, region = name }) => [name, region]));
  return datacenters.flatMap(({ name, region: a = name, distances = {} }) =>
    Object.entries(distances).map(([other, ms]) => ({ a, b: regionOf.get(other) ?? other, ms })),
  );
}

// An absent key is an undefined one from here on.
function tlsOf({ caFile, certFile, keyFile, serverName }: Readonly<Partial<NonNullable<ConsulDatacenter["tls"]>>>) {
  return { caFile, certFile, keyFile, serverName };
}

/** What Kubernetes gives every pod (kubernetes.io/docs/tasks/run-application/access-api-from-pod). */
function inCluster(env: ConfigInput["env"]): ClusterAccess {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
  // By address rather than by name where it is known: the cluster's DNS may be away.
  const server = host ? `https://${host.includes(":") ? `[${host}]` : host}:${port}` : "https://kubernetes.default.svc";
  return { kind: "in-cluster", server, folder: "/var/run/secrets/kubernetes.io/serviceaccount" };
}

function sharedStore({
  addresses,
  prefix,
  datacenter,
  tokenFile,
  caFile,
  certFile,
  keyFile,
  serverName,
}: NonNullable<z.output<typeof serverFileSchema>["store"]["consul"]>): SharedStore {
  return { addresses, prefix, datacenter, tokenFile, caFile, certFile, keyFile, serverName };
}

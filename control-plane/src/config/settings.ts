import { type Parsed, parsed, refused } from "../lib/parsed.ts";

/** One key of the server file that can also be given as a flag and as a variable. */
export type Setting = {
  /** Its path in the server file. */
  readonly key: string;
  readonly flag: string;
  /** The first one that is set counts. */
  readonly env: readonly string[];
  /** What stands after the flag: `<address:port>`. */
  readonly takes: string;
  readonly says: string;
  /** May the flag be repeated? In a variable the values are then separated by commas. */
  readonly many: boolean;
  /** What the text of a flag or a variable stands for in the server file. */
  readonly read: (text: string) => Parsed<unknown>;
};

type Words = {
  readonly flag?: string;
  readonly env?: readonly string[];
  readonly many?: true;
  readonly read?: Setting["read"];
};

export const settings: readonly Setting[] = [
  setting("xds.address", "<address:port>", "where xDS clients connect", { flag: "--xds", env: ["WEIR_XDS"] }),
  setting("xds.tls.certFile", "<file>", "certificate chain of the xDS server (PEM)"),
  setting("xds.tls.keyFile", "<file>", "key of the xDS server (PEM)"),
  setting("xds.tls.clientCAFile", "<file>", "authorities that sign the certificates of xDS clients (PEM)"),
  setting("xds.limits.connections.max", "<count>", "connections that may be open; 0 is no limit", { read: numeral }),
  setting("xds.limits.connections.perAddress", "<count>", "and from one address; 0 is no limit", { read: numeral }),
  setting("xds.limits.connections.handshake", "<duration>", "how long a connection may take to greet"),
  setting(
    "xds.limits.connections.idle",
    "<duration>",
    "how long it may be without a stream, and a stream without a request",
  ),
  setting("xds.limits.newStreams.burst", "<count>", "streams that may be opened at once", { read: numeral }),
  setting("xds.limits.newStreams.perSecond", "<count>", "and in each second after that; 0 is no limit", {
    read: numeral,
  }),
  setting(
    "xds.limits.newStreams.perNodePerMinute",
    "<count>",
    "a node that opens more is refused first when it gets tight; 0 is no limit",
    {
      read: numeral,
    },
  ),
  setting("xds.limits.streamsPerConnection", "<count>", "streams that one connection may have open", { read: numeral }),
  setting("xds.limits.messageSize", "<size>", "longest request of an xDS client"),
  setting("xds.limits.namesPerStream", "<count>", "resources that a stream may ask for by name", { read: numeral }),
  setting("xds.limits.sessionMemory", "<size>", "memory that one connection may hold"),
  setting("xds.limits.keepalive.interval", "<duration>", "how often a silent connection is pinged"),
  setting("xds.limits.keepalive.timeout", "<duration>", "how long the answer to a ping may take"),
  setting("xds.limits.connectionAge.max", "<duration>", "age at which a connection is asked to come again"),
  setting("xds.limits.connectionAge.grace", "<duration>", "how long it may take to leave"),
  setting("xds.debounce.quiet", "<duration>", "changes that follow each other faster are sent as one"),
  setting("xds.debounce.max", "<duration>", "but none waits longer than this; 0ms sends each by itself"),
  setting(
    "xds.ackTimeout",
    "<duration>",
    "how long a client may leave a response unanswered before its stream is ended",
  ),
  setting("xds.loadReports.interval", "<duration>", "how often clients report their loads, unless they are too many"),
  setting("admin.address", "<address:port>", "where operators connect", { flag: "--admin", env: ["WEIR_ADMIN"] }),
  setting("admin.grpc.address", "<address:port>", "where operators' gRPC clients connect, or off", {
    env: ["WEIR_ADMIN_GRPC"],
  }),
  setting("admin.hosts", "<name>", "names under which operators connect, besides localhost and addresses", {
    many: true,
  }),
  setting("admin.tls.certFile", "<file>", "certificate chain of the operator API (PEM)"),
  setting("admin.tls.keyFile", "<file>", "key of the operator API (PEM)"),
  setting("admin.tls.clientCAFile", "<file>", "authorities that sign the certificates of operators (PEM)"),
  setting("admin.auth.tokens", "<file>", "who may do what: the tokens of operators"),
  setting("admin.auth.oidc.issuer", "<url>", "OpenID provider whose tokens say who somebody is"),
  setting("admin.auth.oidc.audience", "<name>", "whom its tokens must be meant for"),
  setting("admin.auth.oidc.algorithms", "<name>", "how they may be signed", { many: true }),
  setting("admin.auth.oidc.clockTolerance", "<duration>", "how far the provider's clock may be from this one's"),
  setting("admin.auth.oidc.nameFrom", "<claim>", "the claim with the name that the history shows"),
  setting("admin.auth.oidc.rolesFrom", "<claim>", "the claim with what roles are given by"),
  setting("admin.auth.oidc.roles", "<value=role>", "who is viewer or admin, e.g. ops=admin; shifters in the file", {
    many: true,
    read: roleOfValue,
  }),
  setting("admin.auth.oidc.login.clientId", "<id>", "as whom commands and the page log people in"),
  setting("admin.auth.oidc.login.scopes", "<name>", "what they ask for", { many: true }),
  setting("admin.auth.oidc.login.shows", "<token>", "which token they show then: id-token or access-token"),
  setting("resources.path", "<dir>", "directory of documents to watch", { flag: "--config", env: ["WEIR_CONFIG"] }),
  setting("data.path", "<dir>", "directory where changes are kept over restarts", {
    flag: "--data",
    env: ["WEIR_DATA"],
  }),
  setting("store.consul.addresses", "<url>", "Consul that keeps the documents for several replicas", {
    flag: "--store-consul",
    env: ["WEIR_STORE_CONSUL"],
    many: true,
  }),
  setting("store.consul.prefix", "<text>", "what the keys in its KV begin with"),
  setting("store.consul.datacenter", "<name>", "whose KV it is; that of the agent unless told"),
  setting("store.consul.tokenFile", "<file>", "Consul token that may read and write there"),
  setting("store.consul.caFile", "<file>", "authorities that sign Consul's certificate (PEM)"),
  setting("store.consul.certFile", "<file>", "certificate to show Consul (PEM)"),
  setting("store.consul.keyFile", "<file>", "its key (PEM)"),
  setting("store.consul.serverName", "<name>", "name in Consul's certificate, where it is not that of the address"),
  setting("datacenters", "<name=url>", "Consul of a data center, e.g. dc-a=http://127.0.0.1:8500", {
    flag: "--consul",
    // Not WEIR_CONSUL: that names the program which the tests start.
    env: ["WEIR_CONSUL_DATACENTERS"],
    many: true,
    read: consulDatacenter,
  }),
  setting("discover", "<pattern>", "services of Consul that need no document: report, team-* or *", {
    many: true,
    read: (services) => parsed({ services }),
  }),
  setting(
    "guard.hold",
    "<duration>",
    "how long a source has to repeat a great loss before it is believed; 0s believes all",
  ),
  setting("guard.drop", "<percent>", "more of a service, or of its part in a data center, may not go at once", {
    read: numeral,
  }),
  setting("guard.growth", "<factor>", "so many times as many endpoints at once are not believed at once", {
    read: numeral,
  }),
  setting("guard.flapping", "<duration>", "the longest that a change of a flapping endpoint is put off; 0s never"),
  setting("guard.allow", "<range>", "addresses that clients may be sent to, e.g. 10.0.0.0/8", { many: true }),
  setting("clients.admin.allow", "<range>", "admin pages of clients that may be asked what they run, e.g. 10.0.0.0/8", {
    many: true,
  }),
  setting("clients.admin.interval", "<duration>", "how often each of them is asked"),
  setting("clients.admin.timeout", "<duration>", "how long an answer may take"),
  setting("clients.admin.concurrency", "<number>", "how many are asked at the same time", { read: numeral }),
  setting("shift.prometheus", "<url>", "Prometheus that guards of shifts may ask, e.g. http://127.0.0.1:9090"),
  setting("reports.service", "<name>", "the Service whose endpoints are the report service, for /v1/reports"),
  setting("reports.address", "<host:port>", "where the report service or a proxy before it answers, instead"),
  setting("reports.host", "<name>", "what a proxy knows the report service as, where that is not its address"),
  setting("reports.tenant", "<id>", "whose reports are shown unless told"),
  setting("reports.tls.caFile", "<file>", "authorities that sign the report service's certificates (PEM)"),
  setting("reports.tls.certFile", "<file>", "certificate to show the report service (PEM)"),
  setting("reports.tls.keyFile", "<file>", "its key (PEM)"),
  setting("telemetry.log.level", "<level>", "error, warn, info or debug", {
    flag: "--log-level",
    env: ["WEIR_LOG_LEVEL"],
  }),
  setting("telemetry.log.format", "<form>", "json, or ecs for the Elastic Common Schema", {
    flag: "--log-format",
    env: ["WEIR_LOG_FORMAT"],
  }),
  setting("telemetry.otlp.endpoint", "<url>", "OTLP/HTTP collector that gets traces, e.g. http://127.0.0.1:4318", {
    flag: "--otlp-endpoint",
    env: ["WEIR_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"],
  }),
  setting("telemetry.otlp.serviceName", "<name>", "service.name of the traces", {
    flag: "--otlp-service-name",
    env: ["WEIR_OTLP_SERVICE_NAME", "OTEL_SERVICE_NAME"],
  }),
];

/** Names the server file; read before all others. */
export const serverFileSetting: Setting = setting("", "<file>", "server file with the same settings as YAML", {
  flag: "--server-config",
  env: ["WEIR_SERVER_CONFIG"],
});

/** `--xds-tls-cert-file` as commander's `opts()` has it: `xdsTlsCertFile`. */
export function optionName({ flag }: Setting): string {
  return flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function setting(key: string, takes: string, says: string, words: Words = {}): Setting {
  const dashed = key.replace(/[.]|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "-").toLowerCase();
  const { flag = `--${dashed}`, env = [`WEIR_${dashed.replaceAll("-", "_").toUpperCase()}`] } = words;
  return { key, flag, env, takes, says, many: words.many ?? false, read: words.read ?? parsed };
}

// What is no number stays text, and the schema says what was expected.
function numeral(text: string): Parsed<unknown> {
  return parsed(/^\d{1,15}$/.test(text) ? Number(text) : text);
}

function roleOfValue(text: string): Parsed<unknown> {
  const equals = text.lastIndexOf("=");
  if (equals > 0) return parsed({ value: text.slice(0, equals), role: text.slice(equals + 1) });
  return refused({ at: "", says: `expected value=role like "ops=admin", got ${JSON.stringify(text)}` });
}

function consulDatacenter(text: string): Parsed<unknown> {
  const equals = text.indexOf("=");
  if (equals > 0) return parsed({ name: text.slice(0, equals), consul: { address: text.slice(equals + 1) } });
  return refused({ at: "", says: `expected name=url like "dc-a=http://127.0.0.1:8500", got ${JSON.stringify(text)}` });
}

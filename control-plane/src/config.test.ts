import assert from "node:assert/strict";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { explainConfig } from "./config/explain-config.ts";
import { gather } from "./config/gather.ts";
import { readConfigInput } from "./config/read-config-input.ts";
import { optionName, settings } from "./config/settings.ts";
import { type Config, parseConfig } from "./config.ts";
import { problemText } from "./lib/parsed.ts";
import { anywhere, loopbackRanges } from "./model/address-range.ts";

const addressExpected =
  'expected address:port like "127.0.0.1:18000", "[::1]:18000" or "localhost:18000" (port 0 chooses a free one)';
const least = { config: "config.d", data: "data" };

function good(options: object, env: Record<string, string> = {}, text?: string): Config {
  const result = parseConfig(input(options, env, text));
  assert.ok(result.ok, result.ok ? "" : result.problems.map(problemText).join("\n"));
  return result.value;
}

function wrong(options: object, env: Record<string, string> = {}, text?: string): readonly string[] {
  const result = parseConfig(input(options, env, text));
  return result.ok ? [] : result.problems.map(problemText);
}

function input(options: object, env: Record<string, string>, text?: string) {
  return { options: { ...options }, env, serverFile: text === undefined ? undefined : { path: "server.yaml", text } };
}

test("a directory of documents and one for the data are enough", () => {
  assert.deepEqual(good(least), {
    xds: {
      address: { host: "127.0.0.1", port: 18000 },
      tls: undefined,
      limits: {
        maxConnections: 10_000,
        maxConnectionsPerAddress: 8_000,
        handshakeTimeoutMs: 5_000,
        maxIdleMs: 60_000,
        streamBurst: 10_000,
        streamsPerSecond: 1_000,
        streamsPerNodePerMinute: 120,
        maxConcurrentStreams: 100,
        maxSessionMemoryMb: 16,
        maxRequestBytes: 1_048_576,
        maxNames: 50_000,
        keepaliveTimeMs: 10_000,
        keepaliveTimeoutMs: 5_000,
        maxConnectionAgeMs: 1_800_000,
        maxConnectionAgeGraceMs: 30_000,
      },
      debounce: { quietMs: 10, maxMs: 100 },
      ackTimeoutMs: 45_000,
      loadReports: { intervalMs: 2_000 },
    },
    admin: {
      address: { host: "127.0.0.1", port: 18080 },
      grpc: { address: { host: "127.0.0.1", port: 18081 } },
      hosts: [],
      tls: undefined,
      auth: { tokens: undefined, oidc: undefined },
    },
    resources: { path: "config.d" },
    data: { path: "data" },
    store: undefined,
    datacenters: [],
    distances: [],
    discover: [],
    clusters: [],
    guard: {
      holdMs: 60_000,
      dropPercent: 50,
      growthFactor: 10,
      flapMs: 10_000,
      allow: [...anywhere, ...loopbackRanges],
    },
    clients: { admin: { allow: [], intervalMs: 10_000, timeoutMs: 2_000, concurrency: 8 } },
    shift: { prometheus: undefined },
    reports: { service: undefined, address: undefined, host: undefined, tenant: "demo", tls: undefined },
    telemetry: {
      log: { level: "info", format: "json" },
      otlp: { endpoint: undefined, serviceName: "weir-control-plane" },
    },
  });
});

test("a flag counts before a variable, that before the server file, and that before the default", () => {
  const text =
    "xds: {address: '127.0.0.1:1', limits: {messageSize: 2MiB}}\nadmin: {address: '127.0.0.1:2'}\ndata: {path: a}\n";
  const env = { WEIR_XDS: "127.0.0.1:3", WEIR_ADMIN: "127.0.0.1:4", WEIR_LOG_LEVEL: "" };
  const config = good({ xds: "127.0.0.1:5" }, env, text);
  assert.equal(config.xds.address.port, 5);
  assert.equal(config.admin.address.port, 4);
  assert.equal(config.data.path, "a");
  assert.equal(config.xds.limits.maxRequestBytes, 2 * 1024 ** 2);
  assert.equal(config.telemetry.log.level, "info");
});

test("a data center of Consul is a repeated flag, a list in a variable, or an entry of the server file", () => {
  const [a, b] = ["dc-a=http://127.0.0.1:8500", "dc-b=https://consul.dc-b:8501"];
  const plain = { tokenFile: undefined, tls: undefined, stale: true };
  const expected = [
    { name: "dc-a", region: "dc-a", addresses: ["http://127.0.0.1:8500"], datacenter: "dc-a", ...plain },
    { name: "dc-b", region: "dc-b", addresses: ["https://consul.dc-b:8501"], datacenter: "dc-b", ...plain },
  ];
  assert.deepEqual(good({ ...least, consul: [a, b] }).datacenters, expected);
  assert.deepEqual(good(least, { WEIR_CONSUL_DATACENTERS: `${a}, ${b}` }).datacenters, expected);
  const text = `
datacenters:
  - {name: dc-a, region: eu-west, consul: {address: "http://127.0.0.1:8500/", datacenter: dc1, tokenFile: token}}
`;
  assert.deepEqual(good(least, {}, text).datacenters, [
    {
      name: "dc-a",
      region: "eu-west",
      addresses: ["http://127.0.0.1:8500"],
      datacenter: "dc1",
      ...plain,
      tokenFile: "token",
    },
  ]);
});

test("distances between data centers are told by their names, and are of their regions", () => {
  const text = `
datacenters:
  - {name: dc-a, region: eu-west, distances: {dc-b: 12ms, us-east: 1s}}
  - {name: dc-b, region: eu-north, distances: {dc-a: 13ms}}
`;
  const config = good(least, {}, text);
  assert.deepEqual(config.distances, [
    { a: "eu-west", b: "eu-north", ms: 12 },
    { a: "eu-west", b: "us-east", ms: 1_000 },
    { a: "eu-north", b: "eu-west", ms: 13 },
  ]);
  assert.deepEqual(config.datacenters, []);
});

test("a Consul may have several addresses, TLS with a certificate of ours, and only its leader asked", () => {
  const text = `
datacenters:
  - name: dc-a
    consul:
      addresses: ["https://consul-1:8501", "https://consul-2:8501/"]
      tls: {caFile: ca.pem, certFile: weir.pem, keyFile: weir.key, serverName: server.dc-a.consul}
      stale: false
`;
  assert.deepEqual(good(least, {}, text).datacenters, [
    {
      ...{ name: "dc-a", region: "dc-a", datacenter: "dc-a", tokenFile: undefined, stale: false },
      addresses: ["https://consul-1:8501", "https://consul-2:8501"],
      tls: { caFile: "ca.pem", certFile: "weir.pem", keyFile: "weir.key", serverName: "server.dc-a.consul" },
    },
  ]);
  const bad = `
datacenters:
  - name: dc-a
    consul: {address: "http://a:8500", addresses: [], stale: sometimes, tls: {certFile: weir.pem}}
  - name: dc-b
    consul: {address: "http://a:8500", addresses: ["http://b:8500"], tls: {caFile: ca.pem}}
`;
  assert.deepEqual(wrong(least, {}, bad), [
    "server.yaml:4:40 datacenters[0].consul.addresses: expected at least one URL",
    "server.yaml:4:73 datacenters[0].consul.tls.keyFile: is missing: expected certFile and keyFile together",
    'server.yaml:4:55 datacenters[0].consul.stale: expected true or false, got "sometimes"',
    "server.yaml:6:40 datacenters[1].consul.addresses: stands beside address: give one of them",
    "server.yaml:6:70 datacenters[1].consul.tls: is of no use for http://b:8500: expected https addresses",
  ]);
});

test("services are discovered by patterns, or by rules of the server file", () => {
  const consul = { ...least, consul: ["dc-a=http://127.0.0.1:8500"] };
  const rest = { tags: [], datacenters: [], protocol: "grpc", passingOnly: true };
  const expected = [
    { services: "team-*", ...rest },
    { services: "report", ...rest },
  ];
  assert.deepEqual(good({ ...consul, discover: ["team-*", "report"] }).discover, expected);
  assert.deepEqual(good(consul, { WEIR_DISCOVER: "team-*, report" }).discover, expected);
  const text = 'discover: [{services: "*", tags: [weir], datacenters: [dc-a], protocol: HTTP1, passingOnly: false}]';
  assert.deepEqual(good(consul, {}, text).discover, [
    { services: "*", tags: ["weir"], datacenters: ["dc-a"], protocol: "http1", passingOnly: false },
  ]);
  assert.deepEqual(wrong(consul, {}, 'discover: [{services: "a*b"}, {services: "*", datacenters: [dc-b]}]'), [
    `server.yaml:1:13 discover[0].services: expected the name of a service in Consul, or how names begin and a *, like "report", "team-*" or "*", got "a*b"`,
  ]);
  assert.deepEqual(wrong(consul, {}, 'discover: [{services: "*", datacenters: [dc-b]}]'), [
    'server.yaml:1:42 discover[0].datacenters[0]: "dc-b" is no data center with a Consul: expected dc-a',
  ]);
  assert.deepEqual(wrong(least, {}, 'discover: [{services: "*"}]'), [
    "server.yaml:1:1 discover: there is no Consul to look in: give datacenters with consul",
  ]);
});

test("every setting can be given as a flag, as a variable and in the server file", () => {
  const texts: Record<string, string> = {
    "xds.address": "[::1]:0",
    "xds.tls.certFile": "a.crt",
    "xds.tls.keyFile": "a.key",
    "xds.tls.clientCAFile": "ca.crt",
    "xds.limits.connections.max": "11",
    "xds.limits.connections.perAddress": "0",
    "xds.limits.connections.handshake": "1s",
    "xds.limits.connections.idle": "2m",
    "xds.limits.newStreams.burst": "12",
    "xds.limits.newStreams.perSecond": "13",
    "xds.limits.newStreams.perNodePerMinute": "14",
    "xds.limits.streamsPerConnection": "7",
    "xds.limits.messageSize": "4KiB",
    "xds.limits.namesPerStream": "123",
    "xds.limits.sessionMemory": "8MiB",
    "xds.limits.keepalive.interval": "1m30s",
    "xds.limits.keepalive.timeout": "2s",
    "xds.limits.connectionAge.max": "1h",
    "xds.limits.connectionAge.grace": "500ms",
    "xds.debounce.quiet": "20ms",
    "xds.debounce.max": "1s",
    "xds.ackTimeout": "1m",
    "xds.loadReports.interval": "5s",
    "admin.address": "localhost:0",
    "admin.grpc.address": "127.0.0.1:0",
    "admin.hosts": "weir.example",
    "admin.tls.certFile": "admin.crt",
    "admin.tls.keyFile": "admin.key",
    "admin.tls.clientCAFile": "people.crt",
    "admin.auth.tokens": "tokens.yaml",
    "admin.auth.oidc.issuer": "https://sso.example/realms/prod",
    "admin.auth.oidc.audience": "weir",
    "admin.auth.oidc.algorithms": "ES384",
    "admin.auth.oidc.clockTolerance": "5s",
    "admin.auth.oidc.nameFrom": "email",
    "admin.auth.oidc.rolesFrom": "realm_access.roles",
    "admin.auth.oidc.roles": "ops=admin",
    "admin.auth.oidc.login.clientId": "weir-cli",
    "admin.auth.oidc.login.scopes": "openid",
    "admin.auth.oidc.login.shows": "access-token",
    "resources.path": "config.d",
    "data.path": "data",
    "store.consul.addresses": "http://127.0.0.1:8500",
    "store.consul.prefix": "teams/weir",
    "store.consul.datacenter": "dc-a",
    "store.consul.tokenFile": "token.txt",
    "store.consul.caFile": "consul-ca.crt",
    "store.consul.certFile": "consul.crt",
    "store.consul.keyFile": "consul.key",
    "store.consul.serverName": "server.dc-a.consul",
    datacenters: "dc-a=http://127.0.0.1:8500",
    discover: "team-*",
    "guard.hold": "30s",
    "guard.drop": "40",
    "guard.growth": "5",
    "guard.flapping": "0s",
    "guard.allow": "10.0.0.0/8",
    "clients.admin.allow": "127.0.0.0/8",
    "clients.admin.interval": "5s",
    "clients.admin.timeout": "1s",
    "clients.admin.concurrency": "3",
    "shift.prometheus": "http://127.0.0.1:9090",
    "reports.service": "report",
    "reports.address": "reports.example:443",
    "reports.host": "report.example",
    "reports.tenant": "red",
    "reports.tls.caFile": "reports-ca.crt",
    "reports.tls.certFile": "reports.crt",
    "reports.tls.keyFile": "reports.key",
    "telemetry.log.level": "debug",
    "telemetry.log.format": "ecs",
    "telemetry.otlp.endpoint": "http://127.0.0.1:4318",
    "telemetry.otlp.serviceName": "weir",
  };
  // Of these two one stands instead of the other.
  for (const without of ["reports.service", "reports.address"]) {
    const given = settings.filter(({ key }) => key !== without);
    const entries = given.map((setting) => [setting, texts[setting.key] ?? ""] as const);
    const byFlag = good(Object.fromEntries(entries.map(([setting, text]) => [optionName(setting), text])));
    const byVariable = good({}, Object.fromEntries(entries.map(([setting, text]) => [setting.env[0] ?? "", text])));
    const byFile = good(
      {},
      {},
      JSON.stringify(
        gather(input(Object.fromEntries(entries.map(([setting, text]) => [optionName(setting), text])), {})).value,
      ),
    );
    assert.deepEqual(byVariable, byFlag);
    assert.deepEqual(byFile, byFlag);
    const explained = explainConfig(
      input(Object.fromEntries(entries.map(([setting, text]) => [optionName(setting), text])), {}),
    );
    for (const [{ key, flag }, text] of entries) {
      const row = explained.split("\n").find((line) => line.startsWith(`${key} `));
      assert.match(row ?? "", new RegExp(` ${flag} +${flag} `), `${key} names who said it`);
      assert.ok(row?.includes(text.replace("localhost", "127.0.0.1")), `${key} shows ${text}: ${row}`);
    }
  }
});

test("an xDS server that others can reach allows no endpoints on loopback, unless told so", () => {
  const tls = { xdsTlsCertFile: "a", xdsTlsKeyFile: "a", xdsTlsClientCaFile: "a" };
  const open = { ...least, ...tls, xds: "10.0.0.1:18000" };
  assert.deepEqual(good(open).guard.allow, anywhere);
  assert.deepEqual(good({ ...open, guardAllow: ["127.0.0.0/8"] }).guard.allow, loopbackRanges.slice(0, 1));
  assert.deepEqual(wrong({ ...least, guardAllow: ["10.0.0.0/8", "10.0.0.0/33"] }), [
    '--guard-allow: expected a range of addresses like "10.0.0.0/8" or "fd00::/8", got "10.0.0.0/33"',
  ]);
});

test("everything that is wrong is told at once, each at the flag, the variable or the line that says it", () => {
  const text = `# of dc-a
xds:
  adress: 127.0.0.1:18000
  limits: {keepalive: {interval: 10 seconds}, streamsPerConnection: many}

stores: memory
`;
  const options = { admin: "127.0.0.1", consul: ["http://127.0.0.1:8500"] };
  const problems = wrong(options, { WEIR_LOG_LEVEL: "chatty", WEIR_XSD: "a" }, text);
  assert.deepEqual(problems.toSorted(), [
    `--admin: ${addressExpected}, got "127.0.0.1"`,
    `--consul: expected name=url like "dc-a=http://127.0.0.1:8500", got "http://127.0.0.1:8500"`,
    'WEIR_LOG_LEVEL: expected error, warn, info, debug, got "chatty"',
    "WEIR_XSD: is no variable of Weir: did you mean WEIR_XDS?",
    "server.yaml:2:1 data.path: is missing: expected a directory where changes are kept over restarts (--data DIR)",
    'server.yaml:3:3 xds.adress: is not known here: did you mean "address"?',
    'server.yaml:4:24 xds.limits.keepalive.interval: expected a duration like "500ms", "10s" or "1h30m", at least 1000ms, got "10 seconds"',
    'server.yaml:4:47 xds.limits.streamsPerConnection: expected a whole number from 1 to 100000, got "many"',
    'server.yaml:6:1 stores: is not known here: did you mean "store"?',
  ]);
});

test("a burst cannot be waited out for longer than anything waits, and can be sent as it comes", () => {
  assert.deepEqual(wrong({ ...least, xdsDebounceQuiet: "200ms" }), [
    "--xds-debounce-quiet: 200ms is longer than xds.debounce.max, 100ms: nothing waits longer than that",
  ]);
  const { xds } = good({ ...least, xdsDebounceQuiet: "0ms", xdsDebounceMax: "0ms" });
  assert.deepEqual(xds.debounce, { quietMs: 0, maxMs: 0 });
});

test("a wrong data center is told by its place in the list", () => {
  const text = `
telemetry: [info]
datacenters:
  - name: dc-a
    consul: {}
  - {name: dc b, zone: z1, consul: {address: "consul:8500"}}
  - {name: dc-c, consul: {address: "http://me:secret@127.0.0.1:8500"}}
`;
  const address = 'the URL of a Consul agent or server like "http://127.0.0.1:8500"';
  assert.deepEqual(wrong(least, {}, text), [
    `server.yaml:5:5 datacenters[0].consul.address: is missing: expected ${address}, or addresses with several`,
    `server.yaml:6:6 datacenters[1].name: expected a name of letters, digits, '.', '_' and '-', at most 64, got "dc b"`,
    `server.yaml:6:37 datacenters[1].consul.address: expected ${address}, got "consul:8500"`,
    "server.yaml:6:18 datacenters[1].zone: is not known here: expected name, region, consul, kubernetes, distances",
    `server.yaml:7:27 datacenters[2].consul.address: expected ${address}, got "http://…@127.0.0.1:8500"`,
    "server.yaml:2:1 telemetry: expected an object, got a list",
  ]);
  const twice = ["dc-a=http://127.0.0.1:1", "dc-a=http://127.0.0.1:2"];
  assert.deepEqual(wrong({ ...least, consul: twice }), ['--consul: "dc-a" stands already at datacenters[0]']);
});

test("a data center may have a Kubernetes cluster, beside Consul or alone: that of a kubeconfig, or the one that Weir runs in", () => {
  const text = `
datacenters:
  - {name: dc-a, region: eu-west, kubernetes: {kubeconfig: clusters.yaml, context: a}}
  - {name: dc-b, consul: {address: "http://127.0.0.1:8500"}, kubernetes: {regionFrom: node}}
`;
  const { clusters, datacenters } = good(
    least,
    { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" },
    text,
  );
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  assert.deepEqual(clusters, [
    {
      name: "dc-a",
      region: "eu-west",
      access: { kind: "kubeconfig", file: "clusters.yaml", context: "a" },
      regionFromNodes: false,
    },
    {
      name: "dc-b",
      region: "dc-b",
      access: { kind: "in-cluster", server: "https://[fd00::1]:6443", folder },
      regionFromNodes: true,
    },
  ]);
  assert.deepEqual(
    datacenters.map(({ name }) => name),
    ["dc-b"],
  );
  assert.deepEqual(good(least, {}, "datacenters: [{name: dc-c, kubernetes: {}}]").clusters[0]?.access, {
    kind: "in-cluster",
    server: "https://kubernetes.default.svc",
    folder,
  });
});

test("a data center with nothing to ask, a context without its file and an unknown word are told", () => {
  const text = `
datacenters:
  - {name: dc-a}
  - {name: dc-b, kubernetes: {context: a}}
  - {name: dc-c, kubernetes: {regionFrom: label}}
`;
  assert.deepEqual(wrong(least, {}, text), [
    "server.yaml:3:5 datacenters[0]: expected consul, kubernetes, or both: there is nothing to ask; or distances to other data centers",
    "server.yaml:4:18 datacenters[1].kubernetes.kubeconfig: is missing: expected the file with that context",
    'server.yaml:5:31 datacenters[2].kubernetes.regionFrom: expected datacenter, node, got "label"',
  ]);
});

test("a server file that is no YAML is told by the line, and nothing else is guessed from it", () => {
  assert.deepEqual(wrong({}, {}, "xds: {}\nxds: {}\n"), ["server.yaml:2:1 Map keys must be unique"]);
  assert.deepEqual(wrong(least, {}, "just text"), ['server.yaml:1:1 expected an object, got "just text"']);
  assert.deepEqual(wrong(least, {}, ""), []);
});

test("the gRPC API is beside the REST API, where it is told to be, or off", () => {
  const grpcOf = (more: object) => good({ ...least, ...more }).admin.grpc?.address;
  assert.deepEqual(grpcOf({ admin: "127.0.0.1:0" }), { host: "127.0.0.1", port: 0 });
  assert.deepEqual(grpcOf({ admin: "[::1]:17999" }), { host: "::1", port: 18_001 });
  assert.deepEqual(grpcOf({ adminGrpcAddress: "127.0.0.1:7" }), { host: "127.0.0.1", port: 7 });
  assert.equal(grpcOf({ adminGrpcAddress: "off" }), undefined);
  assert.match(
    wrong({ ...least, adminGrpcAddress: "10.0.0.1:18081" }).join(),
    /^--admin-grpc-address: 10\.0\.0\.1:18081 can be reached from other machines, and without admin\.auth\.tokens/,
  );
  assert.deepEqual(wrong({ ...least, adminGrpcAddress: "127.0.0.1:18080" }), [
    "--admin-grpc-address: 18080 is the port of xds.address or admin.address too: give each its own",
  ]);
});

test("two servers cannot have the same port", () => {
  const same = { ...least, xds: "127.0.0.1:7000", admin: "127.0.0.1:7000" };
  assert.deepEqual(wrong(same), ["--admin: 7000 is the port of xds.address too: give each its own"]);
  assert.equal(good({ ...least, xds: "127.0.0.1:0", admin: "127.0.0.1:0" }).xds.address.port, 0);
});

test("the server file is read from where the flag or the variable says", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "weir-config-"));
  const path = join(folder.path, "server.yaml");
  await writeFile(path, "data: {path: kept}\n");
  const read = await readConfigInput({ options: { serverConfig: path }, env: { WEIR_SERVER_CONFIG: "nowhere" } });
  assert.ok(read.ok);
  assert.equal(good(read.value.options, {}, read.value.serverFile?.text).data.path, "kept");
  assert.match(explainConfig(read.value), new RegExp(`data.path +kept +${path}:1 `));
  assert.match(explainConfig(read.value), /xds.address +127.0.0.1:18000 +default +--xds WEIR_XDS/);
  const missing = await readConfigInput({ options: {}, env: { WEIR_SERVER_CONFIG: join(folder.path, "none.yaml") } });
  assert.match(
    missing.ok ? "" : missing.problems.map(problemText).join(),
    /^WEIR_SERVER_CONFIG: cannot read the server file: ENOENT/,
  );
});

test("plaintext is for loopback only, and the error says what to do", () => {
  assert.deepEqual(wrong({ ...least, xds: "0.0.0.0:18000", admin: "10.0.0.1:18080" }), [
    "--xds: 0.0.0.0:18000 can be reached from other machines, and plaintext is for loopback only: give xds.tls.certFile, keyFile and clientCAFile, or listen on 127.0.0.1:18000",
    "--admin: 10.0.0.1:18080 can be reached from other machines, and without admin.auth.tokens or admin.auth.oidc the operator API asks nobody who they are: give the file that says who may do what (weir token create), or listen on 127.0.0.1:18080, and reach it through an SSH tunnel or a proxy that authenticates",
  ]);
  const open = { ...least, admin: "10.0.0.1:18080", adminAuthTokens: "tokens.yaml" };
  assert.match(wrong(open).join(), /^--admin: .* tokens would cross the network in the clear: give admin.tls.certFile/);
  assert.match(
    wrong({ ...least, adminTlsCertFile: "a", adminTlsKeyFile: "b", adminTlsClientCaFile: "c" }).join(),
    /^admin\.tls\.clientCAFile|^--admin-tls-client-ca-file: is of no use without admin\.auth\.tokens/,
  );
  assert.equal(good({ ...open, adminTlsCertFile: "a", adminTlsKeyFile: "b" }).admin.auth.tokens, "tokens.yaml");
  const tls = { xdsTlsCertFile: "a.crt", xdsTlsKeyFile: "a.key" };
  assert.match(
    wrong({ ...least, xds: "[::]:18000", ...tls }).join(),
    /^xds.tls.clientCAFile: is missing: \[::\]:18000 can be reached/,
  );
  assert.equal(
    good({ ...least, xds: "[::]:18000", ...tls, xdsTlsClientCaFile: "ca.crt" }).xds.tls?.clientCAFile,
    "ca.crt",
  );
  assert.equal(good({ ...least, ...tls }).xds.tls?.clientCAFile, undefined);
});

test("what names a program of the tests, or is for the report service, is no misspelling", () => {
  const names = ["WEIR_KAFKA", "WEIR_POSTGRES", "WEIR_REDIS", "WEIR_CASSANDRA", "WEIR_REPORT_DATA", "WEIR_REPORT_XDS"];
  const problems = wrong({ admin: "127.0.0.1" }, Object.fromEntries(names.map((name) => [name, "/bin/true"])), "");
  assert.ok(
    problems.every((problem) => !problem.startsWith("WEIR_")),
    problems.join("\n"),
  );
});

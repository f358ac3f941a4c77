import { z } from "zod";
import { logLevels } from "../lib/log-level.ts";
import { type AddressRange, parseAddressRange } from "../model/address-range.ts";
import { oidcAlgorithms } from "../model/oidc-settings.ts";
import { roles } from "../model/role.ts";
import { isLoopback, listenAddressRule, listenAddressText, parseListenAddress } from "./listen-address.ts";
import { durationRule, durationText, parseDuration, parseSize, sizeRule } from "./quantity.ts";

/** Weir's own keys, or those of the Elastic Common Schema. */
export const logFormats = ["json", "ecs"] as const;
export type LogFormat = (typeof logFormats)[number];

const listenAddress = (otherwise: string) => text(listenAddressRule, parseListenAddress).prefault(otherwise);
const duration = (otherwise: string, leastMs = 1) =>
  text(`${durationRule}, at least ${leastMs}ms`, (given) => atLeast(leastMs, parseDuration(given))).prefault(otherwise);
const size = (otherwise: string, least: number) =>
  text(`${sizeRule}, at least ${least} bytes`, (given) => atLeast(least, parseSize(given))).prefault(otherwise);
const path = (expected: string) => text(expected, (given) => (given.trim() === "" ? undefined : given));
const name = text("a name of letters, digits, '.', '_' and '-', at most 64", (given) =>
  /^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(given) ? given : undefined,
);

const tls = z.strictObject({
  certFile: path("a file with the server's certificate chain"),
  keyFile: path("a file with the server's key"),
  clientCAFile: path("a file with the authorities of the clients").optional(),
});

// 0 is no limit. An address may be a whole data center behind one gateway: it may have most of them, and leaves some.
const connections = z
  .strictObject({
    max: count(0, 1_000_000).prefault(10_000),
    perAddress: count(0, 1_000_000).prefault(8_000),
    handshake: duration("5s", 100),
    idle: duration("60s", 1_000),
  })
  .prefault({});

// All clients of a process come at once when it was restarted, half of them from one address; what is limited is their coming
// again and again.
const newStreams = z
  .strictObject({
    burst: count(1, 1_000_000).prefault(10_000),
    perSecond: count(0, 1_000_000).prefault(1_000),
    perNodePerMinute: count(0, 1_000_000).prefault(120),
  })
  .prefault({});

const limits = z
  .strictObject({
    connections,
    newStreams,
    streamsPerConnection: count(1, 100_000).prefault(100),
    // What a delta client that reconnects tells of what it holds goes into one request: 1 MiB is about 10,000 resources.
    messageSize: size("1MiB", 4096),
    // 200 bytes each here. A proxy of a mesh of 5,000 services asks for twice as many.
    namesPerStream: count(100, 10_000_000).prefault(50_000),
    sessionMemory: size("16MiB", 1024 ** 2),
    // grpc-js has none by itself: a cut network then leaves streams open for ever.
    keepalive: z.strictObject({ interval: duration("10s", 1_000), timeout: duration("5s", 100) }).prefault({}),
    // So that clients come to a new replica by and by; grpc-js spreads the age by 10 percent.
    connectionAge: z.strictObject({ max: duration("30m", 1_000), grace: duration("30s") }).prefault({}),
  })
  .prefault({});

// gRPC clients take less than a second for a second; what is shown of the traffic is as old as this.
const interval = text(`${durationRule}, from 1s to 30s`, (given) =>
  atMost(30_000, atLeast(1_000, parseDuration(given))),
);
const loadReports = z.strictObject({ interval: interval.prefault("2s") }).prefault({});

// Short beside what an Envoy takes to take a change over (its merge window is 100 ms); a rollout of a hundred instances is a
// handful of pushes instead of a hundred.
const debounce = z
  .strictObject({ quiet: duration("10ms", 0), max: duration("100ms", 0) })
  .superRefine(({ quiet, max }, { addIssue }) => {
    if (quiet > max)
      addIssue({
        code: "custom",
        path: ["quiet"],
        message: `${durationText(quiet)} is longer than xds.debounce.max, ${durationText(max)}: nothing waits longer than that`,
      });
  })
  .prefault({});

const xds = z
  .strictObject({
    address: listenAddress("127.0.0.1:18000"),
    tls: tls.optional(),
    limits,
    debounce,
    // Clients answer within milliseconds, with much to take over and little CPU within seconds.
    ackTimeout: duration("45s", 1_000),
    loadReports,
  })
  .superRefine(({ address, tls }, { addIssue }) => {
    if (isLoopback(address)) return;
    const here = `${listenAddressText(address)} can be reached from other machines`;
    if (!tls)
      addIssue({
        code: "custom",
        path: ["address"],
        message: `${here}, and plaintext is for loopback only: give xds.tls.certFile, keyFile and clientCAFile, or listen on 127.0.0.1:${address.port}`,
      });
    else if (tls.clientCAFile === undefined)
      addIssue({
        code: "custom",
        path: ["tls", "clientCAFile"],
        message: `is missing: ${here}, and without it whoever reaches it is served; give the authorities that sign the clients' certificates`,
      });
  })
  .prefault({});

const patterns = (expected: string) =>
  z
    .array(
      text('a name, how names begin and a *, or "*"', (given) =>
        /^(\*|[A-Za-z0-9][A-Za-z0-9._-]*\*?)$/.test(given) ? given : undefined,
      ),
      expected,
    )
    .max(1_000);

const oidcRole = z
  .strictObject({
    value: path("what stands in the claim of those who have this role"),
    role: oneOf(roles),
    services: patterns('expected a list of names, like [report, "team-*"]').optional(),
    datacenters: patterns("expected a list of data centers").optional(),
  })
  .superRefine(({ role, services, datacenters }, { addIssue }) => {
    if (role === "shifter" && services === undefined)
      addIssue({
        code: "custom",
        path: ["services"],
        message: 'is missing: what may they shift? ["*"] is every service',
      });
    if (role !== "shifter" && (services ?? datacenters) !== undefined)
      addIssue({ code: "custom", path: ["role"], message: `only a shifter has services and datacenters, not ${role}` });
  });

const oidc = z
  .strictObject({
    issuer: text("the https:// URL of an OpenID provider, as it stands in its tokens", issuerUrl),
    audience: path("whom the provider's tokens are meant for"),
    algorithms: z
      .array(oneOf(oidcAlgorithms), "expected a list of algorithms")
      .min(1, "expected at least one algorithm")
      .prefault(["RS256", "ES256"]),
    clockTolerance: duration("30s", 0),
    nameFrom: path("the name of a claim").prefault("sub"),
    rolesFrom: path("the name of a claim").prefault("groups"),
    roles: z
      .array(oidcRole, "expected a list of roles")
      .min(1, "expected at least one, or nobody is let in: who is admin?")
      .max(1_000),
    login: z
      .strictObject({
        clientId: path("the id that the provider gave this server's people"),
        scopes: z.array(path("a scope"), "expected a list of scopes").max(50).prefault(["openid", "profile", "email"]),
        shows: oneOf(["id-token", "access-token"]).optional(),
      })
      .optional(),
  })
  .superRefine(({ clockTolerance }, { addIssue }) => {
    if (clockTolerance > 300_000)
      addIssue({ code: "custom", path: ["clockTolerance"], message: "is more than 5m: set the clocks right" });
  });

const admin = z
  .strictObject({
    address: listenAddress("127.0.0.1:18080"),
    hosts: z
      .array(
        text("a host name like weir.example", (given) =>
          /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(given) ? given.toLowerCase() : undefined,
        ),
        "expected a list of host names",
      )
      .prefault([]),
    tls: z
      .strictObject({
        certFile: path("a file with the operator API's certificate chain"),
        keyFile: path("a file with its key"),
        clientCAFile: path("a file with the authorities of operators' certificates").optional(),
      })
      .optional(),
    auth: z
      .strictObject({
        tokens: path("a file of tokens, as weir token create makes them").optional(),
        oidc: oidc.optional(),
      })
      .prefault({}),
    grpc: z
      .strictObject({
        address: text(`${listenAddressRule}, or off`, (given) =>
          given === "off" ? given : parseListenAddress(given),
        ).optional(),
      })
      .prefault({}),
  })
  .superRefine(({ address, grpc, tls, auth }, { addIssue }) => {
    if (tls?.clientCAFile !== undefined && auth.tokens === undefined)
      addIssue({
        code: "custom",
        path: ["tls", "clientCAFile"],
        message: "is of no use without admin.auth.tokens, which says who the certificates are and what they may do",
      });
    const [path, open] = !isLoopback(address)
      ? [["address"], address]
      : grpc.address !== undefined && grpc.address !== "off" && !isLoopback(grpc.address)
        ? [["grpc", "address"], grpc.address]
        : [[], undefined];
    if (open === undefined) return;
    const here = `${listenAddressText(open)} can be reached from other machines`;
    const otherwise = `listen on 127.0.0.1:${open.port}, and reach it through an SSH tunnel or a proxy that authenticates`;
    if (auth.tokens === undefined && !auth.oidc)
      addIssue({
        code: "custom",
        path,
        message: `${here}, and without admin.auth.tokens or admin.auth.oidc the operator API asks nobody who they are: give the file that says who may do what (weir token create), or ${otherwise}`,
      });
    else if (!tls)
      addIssue({
        code: "custom",
        path,
        message: `${here}, and tokens would cross the network in the clear: give admin.tls.certFile and keyFile, or ${otherwise}`,
      });
  })
  .prefault({});

const consulTls = z
  .strictObject({
    caFile: path("a file with the authorities that sign Consul's certificates").optional(),
    certFile: path("a file with a certificate for Consul").optional(),
    keyFile: path("a file with the key of that certificate").optional(),
    serverName: path("the name in Consul's certificate").optional(),
  })
  .superRefine(({ certFile, keyFile }, { addIssue }) => {
    if ((certFile === undefined) === (keyFile === undefined)) return;
    const missing = certFile === undefined ? "certFile" : "keyFile";
    addIssue({ code: "custom", path: [missing], message: "is missing: expected certFile and keyFile together" });
  });

const consulAddress = text('the URL of a Consul agent or server like "http://127.0.0.1:8500"', origin);
const consul = z
  .strictObject({
    address: consulAddress.optional(),
    addresses: z.array(consulAddress, "expected a list of URLs").min(1, "expected at least one URL").max(20).optional(),
    datacenter: name.optional(),
    tokenFile: path("a file with a Consul token").optional(),
    tls: consulTls.optional(),
    stale: z.boolean({ error: ({ input }) => unexpected("true or false", input) }).prefault(true),
  })
  .superRefine(({ address, addresses, tls }, { addIssue }) => {
    const given = addresses ?? (address === undefined ? [] : [address]);
    const expected = 'the URL of a Consul agent or server like "http://127.0.0.1:8500"';
    if (address === undefined && addresses === undefined)
      addIssue({
        code: "custom",
        path: ["address"],
        message: `is missing: expected ${expected}, or addresses with several`,
      });
    if (address !== undefined && addresses !== undefined)
      addIssue({ code: "custom", path: ["addresses"], message: "stands beside address: give one of them" });
    const plain = given.find((each) => each.startsWith("http:"));
    if (tls && plain !== undefined)
      addIssue({ code: "custom", path: ["tls"], message: `is of no use for ${plain}: expected https addresses` });
  });

// Without a kubeconfig: the cluster that Weir runs in, as the service account of its pod.
const kubernetes = z
  .strictObject({
    kubeconfig: path("a kubeconfig file").optional(),
    context: path("the name of one of its contexts").optional(),
    regionFrom: oneOf(["datacenter", "node"]).prefault("datacenter"),
  })
  .superRefine(({ kubeconfig, context }, { addIssue }) => {
    if (context !== undefined && kubeconfig === undefined)
      addIssue({ code: "custom", path: ["kubeconfig"], message: "is missing: expected the file with that context" });
  });

const datacenter = z
  .strictObject({
    name,
    region: name.optional(),
    consul: consul.optional(),
    kubernetes: kubernetes.optional(),
    // Round trips to other data centers; what Consul's coordinates say counts where nothing is declared.
    distances: z.record(name, duration("1ms")).optional(),
  })
  .superRefine(({ consul, kubernetes, distances }, { addIssue }) => {
    if (!consul && !kubernetes && !distances)
      addIssue({
        code: "custom",
        path: [],
        message: "expected consul, kubernetes, or both: there is nothing to ask; or distances to other data centers",
      });
  });

const sharedStore = z
  .strictObject({
    addresses: z
      .array(text('the URL of a Consul agent or server like "http://127.0.0.1:8500"', origin))
      .min(1, "expected at least one URL of a Consul agent or server"),
    prefix: text("a key prefix of letters, digits, '.', '_', '-' and '/', at most 100", (given) =>
      /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(given) && given.length <= 100 ? given : undefined,
    ).prefault("weir"),
    datacenter: name.optional(),
    tokenFile: path("a file with a Consul token").optional(),
    caFile: path("a file with the authorities of Consul's certificate").optional(),
    certFile: path("a file with the certificate to show Consul").optional(),
    keyFile: path("a file with its key").optional(),
    serverName: path("the name in Consul's certificate").optional(),
  })
  .superRefine(({ certFile, keyFile }, { addIssue }) => {
    if ((certFile === undefined) === (keyFile === undefined)) return;
    const missing = certFile === undefined ? "certFile" : "keyFile";
    addIssue({ code: "custom", path: [missing], message: "is missing: a certificate and its key go together" });
  });

const addressRange = z.unknown().transform((raw, { addIssue }): AddressRange => {
  const range = typeof raw === "string" ? parseAddressRange(raw) : undefined;
  if (range?.ok) return range.value;
  addIssue({ code: "custom", message: unexpected('a range of addresses like "10.0.0.0/8" or "fd00::/8"', raw) });
  return z.NEVER;
});

// docs/decisions/0013-guard.md says why these.
const guard = z
  .strictObject({
    hold: duration("60s", 0),
    drop: count(1, 100).prefault(50),
    growth: count(2, 1_000_000).prefault(10),
    flapping: duration("10s", 0),
    allow: z
      .array(addressRange, "expected a list of ranges of addresses")
      .min(1, "expected at least one range")
      .optional(),
  })
  .prefault({});

// Whom a client names as its admin pages is asked, so nobody is unless his place is allowed: docs/operate/truth.md.
const clients = z
  .strictObject({
    admin: z
      .strictObject({
        allow: z.array(addressRange, "expected a list of ranges of addresses").prefault([]),
        interval: duration("10s", 1_000),
        timeout: duration("2s", 100),
        concurrency: count(1, 64).prefault(8),
      })
      .prefault({}),
  })
  .prefault({});

const protocols = ["GRPC", "HTTP2", "HTTP1", "TCP"] as const;
const discover = z.strictObject({
  services: text(
    'the name of a service in Consul, or how names begin and a *, like "report", "team-*" or "*"',
    (given) => (/^(\*|[A-Za-z0-9][A-Za-z0-9._-]{0,199}\*?)$/.test(given) ? given : undefined),
  ),
  tags: z.array(path("a tag"), "expected a list of tags").max(20).prefault([]),
  datacenters: z.array(name, "expected a list of data centers").max(100).prefault([]),
  protocol: oneOf(protocols).prefault("GRPC"),
  passingOnly: z.boolean({ error: ({ input }) => unexpected("true or false", input) }).prefault(true),
});

const reports = z
  .strictObject({
    service: name.optional(),
    address: text('where the report service answers, like "127.0.0.1:9001"', (given) =>
      /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?):\d{1,5}$/.test(given) ? given : undefined,
    ).optional(),
    host: text("a host name like report", (given) =>
      /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:\d{1,5})?$/.test(given) ? given : undefined,
    ).optional(),
    tenant: text("a tenant's id of lower-case letters, digits and '-', at most 63", (given) =>
      /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(given) ? given : undefined,
    ).prefault("demo"),
    tls: z
      .strictObject({
        caFile: path("a file with the authorities of the report service's certificates").optional(),
        certFile: path("a file with the certificate to show it").optional(),
        keyFile: path("a file with its key").optional(),
      })
      .superRefine(({ certFile, keyFile }, { addIssue }) => {
        if ((certFile === undefined) === (keyFile === undefined)) return;
        const missing = certFile === undefined ? "certFile" : "keyFile";
        addIssue({ code: "custom", path: [missing], message: "is missing: a certificate and its key go together" });
      })
      .optional(),
  })
  .superRefine(({ service, address, host }, { addIssue }) => {
    if (service !== undefined && address !== undefined)
      addIssue({ code: "custom", path: ["address"], message: "stands beside reports.service: give one of them" });
    if (host !== undefined && service === undefined && address === undefined)
      addIssue({ code: "custom", path: ["host"], message: "is of no use without reports.service or reports.address" });
  })
  .prefault({});

/** What may stand in a server file; variables and flags are checked by the same rules. */
export const serverFileSchema = z.strictObject({
  xds,
  admin,
  resources: z.strictObject({ path: path("a directory of documents").optional() }).prefault({}),
  data: z
    .strictObject({ path: path("a directory where changes are kept over restarts (--data DIR)") })
    .prefault({ path: undefined }),
  store: z.strictObject({ consul: sharedStore.optional() }).prefault({}),
  datacenters: z
    .array(datacenter, "expected a list of data centers")
    .superRefine((all, { addIssue }) => {
      for (const [index, { name }] of all.entries()) {
        const first = all.findIndex((each) => each.name === name);
        if (first !== index)
          addIssue({
            code: "custom",
            path: [index, "name"],
            message: `"${name}" stands already at datacenters[${first}]`,
          });
      }
    })
    .prefault([]),
  discover: z.array(discover, "expected a list of rules").max(100).prefault([]),
  guard,
  clients,
  shift: z
    .strictObject({ prometheus: text('the URL of a Prometheus like "http://127.0.0.1:9090"', url).optional() })
    .prefault({}),
  reports,
  telemetry: z
    .strictObject({
      log: z
        .strictObject({ level: oneOf(logLevels).prefault("info"), format: oneOf(logFormats).prefault("json") })
        .prefault({}),
      otlp: z
        .strictObject({
          endpoint: text('the URL of an OTLP/HTTP collector like "http://127.0.0.1:4318"', url).optional(),
          serviceName: path("a name").prefault("weir-control-plane"),
        })
        .prefault({}),
    })
    .prefault({}),
});

function text<T>(expected: string, parse: (given: string) => T | undefined) {
  return z.unknown().transform((raw, { addIssue }): T => {
    const value = typeof raw === "string" ? parse(raw) : undefined;
    if (value !== undefined) return value;
    addIssue({ code: "custom", message: unexpected(expected, raw) });
    return z.NEVER;
  });
}

function oneOf<const Word extends string>(words: readonly Word[]) {
  return text(words.join(", "), (given) => words.find((word) => word === given));
}

function count(least: number, most: number) {
  const error = ({ input }: { readonly input?: unknown }) =>
    unexpected(`a whole number from ${least} to ${most}`, input);
  return z.int({ error }).min(least, { error }).max(most, { error });
}

/** `expected …, got …`. */
function unexpected(expected: string, raw: unknown): string {
  if (raw === undefined || raw === null) return `is missing: expected ${expected}`;
  // A password in a URL is refused (it belongs into a file) and must not get into the log either.
  const got = (JSON.stringify(raw) ?? typeof raw).replace(/\/\/[^/@]*@/g, "//…@");
  return `expected ${expected}, got ${got.length > 80 ? `${got.slice(0, 80)}…` : got}`;
}

function atLeast(least: number, value: number | undefined): number | undefined {
  return value !== undefined && value >= least ? value : undefined;
}

function atMost(most: number, value: number | undefined): number | undefined {
  return value !== undefined && value <= most ? value : undefined;
}

function url(given: string): string | undefined {
  if (!URL.canParse(given)) return undefined;
  const { protocol, username, password, href } = new URL(given);
  return /^https?:$/.test(protocol) && username === "" && password === "" ? href.replace(/\/$/, "") : undefined;
}

/** To the letter, as tokens have it; whoever could change what it answers could log in as anybody. */
function issuerUrl(given: string): string | undefined {
  if (!URL.canParse(given)) return undefined;
  const { protocol, hostname, username, password, search, hash } = new URL(given);
  const isHere = /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && isHere)) return undefined;
  return [username, password, search, hash].every((part) => part === "") ? given : undefined;
}

function origin(given: string): string | undefined {
  return url(given) === undefined || new URL(given).pathname !== "/" ? undefined : new URL(given).origin;
}

import { parseArgs } from "node:util";
import type { QueueLimits } from "./model/admission.ts";
import type { FairShares, Share } from "./model/fair-queue.ts";
import type { RateRule } from "./model/gcra.ts";
import type { TenantId } from "./model/names.ts";
import type { Parsed, Problem } from "./model/parsed.ts";

/** Where this server announces itself. */
export type Announce =
  | { readonly kind: "weir"; readonly url: URL }
  | { readonly kind: "consul"; readonly url: URL }
  | { readonly kind: "nowhere" };

/** Whose word on its tenant is taken. */
export type Callers =
  | { readonly kind: "loopback" }
  | { readonly kind: "anyone" }
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "certificate" };

/** Files in PEM. */
export type TlsFiles = { readonly cert: string; readonly key: string; readonly clientCa: string | undefined };

export type Config = {
  readonly listen: string;
  /** What clients dial, where that is not what it listens on. */
  readonly advertise: string | undefined;
  readonly data: string;
  readonly kinds: string;
  readonly datacenter: string;
  readonly zone: string;
  readonly service: string;
  readonly id: string;
  readonly announce: Announce;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly registryLeaseSeconds: number;
  readonly jobLeaseMs: number;
  readonly limits: QueueLimits;
  readonly shares: FairShares;
  /** What one tenant may ask for at this server; undefined: as much as it likes. */
  readonly tenantRate: RateRule | undefined;
  readonly callers: Callers;
  /** Undefined: plaintext. */
  readonly tls: TlsFiles | undefined;
  readonly keys: string | undefined;
  readonly encrypt: "sensitive" | "all";
  readonly retentionMs: number;
  readonly drainLimitMs: number;
  readonly faultFile: string | undefined;
  readonly metrics: string | undefined;
  readonly logLevel: "error" | "warn" | "info" | "debug";
};

type Setting = { readonly name: string; readonly value: string; readonly default?: string; readonly help: string };

/** Every flag; each is also a variable: `--queue-limit` is WEIR_REPORT_QUEUE_LIMIT. */
const settings = [
  { name: "listen", default: "127.0.0.1:0", value: "HOST:PORT", help: "where to serve gRPC; port 0 takes a free one" },
  { name: "advertise", value: "HOST:PORT", help: "what clients dial, if not what it listens on" },
  { name: "data", value: "DIR", help: "the store, the artifacts and the sample data; servers may share it (required)" },
  { name: "kinds", value: "DIR", help: "the report kinds; those that come with the program where not given" },
  { name: "locality", value: "DC/ZONE", help: "where this server is (required)" },
  { name: "service", default: "report", value: "NAME", help: "the service it registers as" },
  { name: "id", value: "NAME", help: "its own name; made of host and process where not given" },
  { name: "registry", value: "URL", help: "Weir's API, to register with its registry" },
  { name: "consul", value: "URL", help: "a Consul agent, to register there instead" },
  { name: "weight", default: "100", value: "N", help: "its share among its neighbours" },
  { name: "metadata", default: "", value: "K=V,…", help: "what to register beside that, such as version=v1" },
  {
    name: "registry-lease",
    default: "10s",
    value: "TIME",
    help: "its registration ends so long after the last renewal",
  },
  {
    name: "job-lease",
    default: "5s",
    value: "TIME",
    help: "its reports go to another server so long after it is gone",
  },
  { name: "queue-limit", default: "1000", value: "N", help: "reports that may wait in the queue of a worker cluster" },
  { name: "tenant-queue-limit", value: "N", help: "those of one tenant; as many where not given" },
  {
    name: "tenant-concurrency",
    default: "64",
    value: "N",
    help: "reports of one tenant that run at once in a cluster",
  },
  {
    name: "tenant-weights",
    default: "",
    value: "T=N,…",
    help: "turns of these tenants for each turn of another, such as acme=3",
  },
  {
    name: "tenant-rate",
    default: "",
    value: "N/N",
    help: "calls a second of one tenant, and how many at once, such as 100/200; no limit where not given",
  },
  {
    name: "callers",
    default: "loopback",
    value: "WHOM",
    help: "whose word on its tenant is taken: loopback, anyone, header:NAME as a proxy in front writes it, or certificate",
  },
  {
    name: "tls-cert",
    value: "PATH",
    help: "the server's certificates in PEM, to serve TLS; plaintext where not given",
  },
  { name: "tls-key", value: "PATH", help: "their key in PEM" },
  {
    name: "tls-client-ca",
    value: "PATH",
    help: "the authorities of clients' certificates, which every client then needs",
  },
  {
    name: "keys",
    value: "PATH",
    help: "the keys that encrypt parameters, the newest first; made in --data where not given",
  },
  {
    name: "encrypt",
    default: "sensitive",
    value: "WHICH",
    help: "parameters to encrypt where they are stored: sensitive, those that their kind marks so, or all",
  },
  { name: "retention", default: "30d", value: "TIME", help: "how long an ended report is kept" },
  { name: "drain-limit", default: "30s", value: "TIME", help: "how long it finishes calls once told to stop" },
  {
    name: "fault-file",
    value: "PATH",
    help: `while it holds {"status":"UNAVAILABLE","percent":100}, calls are answered so`,
  },
  { name: "metrics", value: "HOST:PORT", help: "where to serve /metrics; nowhere where not given" },
  { name: "log-level", default: "info", value: "LEVEL", help: "error, warn, info or debug" },
] as const satisfies readonly Setting[];

type Name = (typeof settings)[number]["name"];

/** How to call the program. */
export const usage = `usage: node main.ts serve --data DIR --locality DC/ZONE [FLAGS]

${settings.map(usageLine).join("\n")}

Each flag is also a variable: --queue-limit is WEIR_REPORT_QUEUE_LIMIT; the flag wins. Spans go where
OTEL_EXPORTER_OTLP_ENDPOINT says.
`;

/** The configuration from flags (without the command) and variables; `defaults` are those that only a process knows. */
export function parseConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  defaults: { readonly kinds: string; readonly id: string },
): Parsed<Config> {
  const flags = readFlags(args);
  if (!flags.ok) return flags;
  const problems: Problem[] = [];
  const get = (name: Name): string | undefined => {
    const setting: Setting | undefined = settings.find((one) => one.name === name);
    return flags.value[name] ?? env[variableOf(name)] ?? setting?.default;
  };
  const say = (name: Name, says: string): void => void problems.push({ at: `--${name}`, says });
  const required = (name: Name): string => {
    const value = get(name);
    if (value === undefined) say(name, "is required");
    return value ?? "";
  };
  const matching = (name: Name, pattern: RegExp, says: string): string | undefined => {
    const value = get(name);
    if (value !== undefined && !pattern.test(value)) say(name, `${says}, not "${value}"`);
    return value;
  };
  const oneOf = <T extends string>(name: Name, [first, ...others]: readonly [T, ...T[]]): T => {
    const found = [first, ...others].find((one) => one === get(name));
    if (found === undefined) say(name, `must be one of ${[first, ...others].join(", ")}, not "${get(name)}"`);
    return found ?? first;
  };
  const integer = (name: Name, least: number, most: number): number => {
    const value = Number(get(name));
    if (!Number.isInteger(value) || value < least || value > most)
      say(name, `must be ${least} to ${most}, not "${get(name)}"`);
    return value;
  };
  const time = (name: Name, leastMs: number): number => {
    const milliseconds = millisecondsOf(get(name) ?? "");
    if (milliseconds === undefined) say(name, `must be a time such as 500ms, 10s, 5m, 2h or 30d, not "${get(name)}"`);
    else if (milliseconds < leastMs) say(name, `must be at least ${leastMs} ms`);
    return milliseconds ?? leastMs;
  };
  const url = (name: Name): URL | undefined => {
    const value = get(name);
    if (value === undefined) return undefined;
    if (URL.canParse(value) && /^https?:/.test(value)) return new URL(value);
    say(name, `must be an http URL, not "${value}"`);
    return undefined;
  };

  const address = /^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/;
  const locality = required("locality");
  if (locality !== "" && !/^[a-z0-9][a-z0-9-]{0,35}\/[\w.-]+$/.test(locality)) {
    say("locality", `must be DC/ZONE such as dc-a/z1, not "${locality}"`);
  }
  const [datacenter = "", zone = ""] = locality.split("/");
  const [weir, consul] = [url("registry"), url("consul")];
  if (weir && consul) say("consul", "excludes --registry: a server registers in one place");
  const metadata = parsePairs(get("metadata") ?? "");
  if (!metadata) say("metadata", `must be KEY=VALUE,…, not "${get("metadata")}"`);

  const queueLimit = integer("queue-limit", 1, 1_000_000);
  const concurrency = integer("tenant-concurrency", 1, 1_000_000);
  const weights = parsePairs(get("tenant-weights") ?? "");
  if (!weights || Object.values(weights).some((weight) => !(Number(weight) > 0 && Number(weight) <= 1_000))) {
    say("tenant-weights", `must be TENANT=WEIGHT,… with weights over 0 and up to 1000, not "${get("tenant-weights")}"`);
  }

  const tenantRate = rateOf(get("tenant-rate") ?? "");
  if (tenantRate === "wrong") say("tenant-rate", `must be N/N such as 100/200, not "${get("tenant-rate")}"`);
  const callers = callersOf(get("callers") ?? "");
  if (!callers) say("callers", `must be loopback, anyone, header:NAME or certificate, not "${get("callers")}"`);
  const [cert, key, clientCa] = [get("tls-cert"), get("tls-key"), get("tls-client-ca")];
  if ((cert === undefined) !== (key === undefined)) say("tls-cert", "needs --tls-key, and --tls-key needs it");
  if (clientCa !== undefined && cert === undefined) say("tls-client-ca", "needs --tls-cert and --tls-key");
  if (callers?.kind === "certificate" && clientCa === undefined) say("callers", "certificate needs --tls-client-ca");

  const config: Config = {
    listen: matching("listen", address, "must be HOST:PORT") ?? "",
    advertise: matching("advertise", address, "must be HOST:PORT"),
    data: required("data"),
    kinds: get("kinds") ?? defaults.kinds,
    datacenter,
    zone,
    service: matching("service", /^[a-z0-9][a-z0-9.-]*$/, "must be a service name") ?? "",
    id: matching("id", /^[\w.-]{1,128}$/, "must consist of letters, digits, '.', '_' and '-'") ?? defaults.id,
    announce: weir ? { kind: "weir", url: weir } : consul ? { kind: "consul", url: consul } : { kind: "nowhere" },
    weight: integer("weight", 1, 1_000_000),
    metadata: metadata ?? {},
    registryLeaseSeconds: Math.ceil(time("registry-lease", 1_000) / 1_000),
    jobLeaseMs: time("job-lease", 200),
    limits: {
      queue: queueLimit,
      tenant: get("tenant-queue-limit") ? integer("tenant-queue-limit", 1, 1_000_000) : queueLimit,
    },
    shares: { everyone: { weight: 1, concurrency }, others: sharesOf(weights ?? {}, concurrency) },
    tenantRate: tenantRate === "wrong" ? undefined : tenantRate,
    callers: callers ?? { kind: "loopback" },
    tls: cert !== undefined && key !== undefined ? { cert, key, clientCa } : undefined,
    keys: get("keys"),
    encrypt: oneOf("encrypt", ["sensitive", "all"]),
    retentionMs: time("retention", 1_000),
    drainLimitMs: time("drain-limit", 0),
    faultFile: get("fault-file"),
    metrics: matching("metrics", address, "must be HOST:PORT"),
    logLevel: oneOf("log-level", ["error", "warn", "info", "debug"]),
  };
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: config };
}

function readFlags(args: readonly string[]): Parsed<Readonly<Record<string, string | undefined>>> {
  try {
    const options = Object.fromEntries(settings.map(({ name }) => [name, { type: "string" as const }]));
    return { ok: true, value: parseArgs({ args: [...args], options }).values };
  } catch (error) {
    return { ok: false, problems: [{ at: "flags", says: (error as Error).message }] };
  }
}

function parsePairs(text: string): Readonly<Record<string, string>> | undefined {
  const pairs = text.split(",").filter((pair) => pair !== "");
  if (pairs.some((pair) => !/^[^=]+=/.test(pair))) return undefined;
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

function sharesOf(weights: Readonly<Record<string, string>>, concurrency: number): ReadonlyMap<TenantId, Share> {
  return new Map(
    Object.entries(weights).map(([tenant, weight]) => [tenant as TenantId, { weight: Number(weight), concurrency }]),
  );
}

function rateOf(text: string): RateRule | "wrong" | undefined {
  if (text === "") return undefined;
  const [, perSecond, burst] = /^(\d+(?:\.\d+)?)\/(\d+)$/.exec(text) ?? [];
  return Number(perSecond) > 0 && Number(burst) >= 1 ? { perSecond: Number(perSecond), burst: Number(burst) } : "wrong";
}

function callersOf(text: string): Callers | undefined {
  if (text === "loopback" || text === "anyone" || text === "certificate") return { kind: text };
  const [, name] = /^header:([a-z0-9-]+)$/.exec(text) ?? [];
  return name === undefined ? undefined : { kind: "header", name };
}

function millisecondsOf(text: string): number | undefined {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const factor = units[unit ?? ""];
  return factor === undefined ? undefined : Number(amount) * factor;
}

function variableOf(name: Name): string {
  return `WEIR_REPORT_${name.toUpperCase().replaceAll("-", "_")}`;
}

function usageLine({ name, value, help, ...rest }: Setting): string {
  const what = rest.default ? `${help} (${rest.default})` : help;
  return `  ${`--${name} ${value}`.padEnd(26)}${what}`;
}

import { type Config, parseConfig } from "../config.ts";
import { problemText } from "../lib/parsed.ts";
import { rangeText } from "../model/address-range.ts";
import { type ConfigInput, type Gathered, gather } from "./gather.ts";
import { listenAddressText } from "./listen-address.ts";
import { durationText, sizeText } from "./quantity.ts";
import { type Setting, settings } from "./settings.ts";

/** What would be in force, who says so, and how else to say it, one line for each setting; or all that is wrong. */
export function explainConfig(input: ConfigInput): string {
  const config = parseConfig(input);
  if (!config.ok) return config.problems.map(problemText).join("\n");
  const gathered = gather(input);
  const values = valuesOf(config.value);
  const rows = settings.map((setting) => [
    setting.key,
    values[setting.key] ?? "-",
    whoSaid(setting, gathered),
    [setting.flag, ...setting.env].join(" "),
  ]);
  return table([["SETTING", "VALUE", "FROM", "ALSO AS"], ...rows]);
}

function valuesOf({
  xds,
  admin,
  resources,
  data,
  store,
  datacenters,
  clusters,
  discover,
  guard,
  clients,
  shift,
  reports,
  telemetry,
}: Config): Readonly<Record<string, string | undefined>> {
  const { limits } = xds;
  return {
    "xds.address": listenAddressText(xds.address),
    "xds.tls.certFile": xds.tls?.certFile,
    "xds.tls.keyFile": xds.tls?.keyFile,
    "xds.tls.clientCAFile": xds.tls?.clientCAFile,
    "xds.limits.connections.max": String(limits.maxConnections),
    "xds.limits.connections.perAddress": String(limits.maxConnectionsPerAddress),
    "xds.limits.connections.handshake": durationText(limits.handshakeTimeoutMs),
    "xds.limits.connections.idle": durationText(limits.maxIdleMs),
    "xds.limits.newStreams.burst": String(limits.streamBurst),
    "xds.limits.newStreams.perSecond": String(limits.streamsPerSecond),
    "xds.limits.newStreams.perNodePerMinute": String(limits.streamsPerNodePerMinute),
    "xds.limits.streamsPerConnection": String(limits.maxConcurrentStreams),
    "xds.limits.messageSize": sizeText(limits.maxRequestBytes),
    "xds.limits.namesPerStream": String(limits.maxNames),
    "xds.limits.sessionMemory": sizeText(limits.maxSessionMemoryMb * 1024 ** 2),
    "xds.limits.keepalive.interval": durationText(limits.keepaliveTimeMs),
    "xds.limits.keepalive.timeout": durationText(limits.keepaliveTimeoutMs),
    "xds.limits.connectionAge.max": durationText(limits.maxConnectionAgeMs),
    "xds.limits.connectionAge.grace": durationText(limits.maxConnectionAgeGraceMs),
    "xds.debounce.quiet": durationText(xds.debounce.quietMs),
    "xds.debounce.max": durationText(xds.debounce.maxMs),
    "xds.ackTimeout": durationText(xds.ackTimeoutMs),
    "xds.loadReports.interval": durationText(xds.loadReports.intervalMs),
    "admin.address": listenAddressText(admin.address),
    "admin.grpc.address": admin.grpc ? listenAddressText(admin.grpc.address) : "off",
    "admin.hosts": admin.hosts.join(",") || undefined,
    "admin.tls.certFile": admin.tls?.certFile,
    "admin.tls.keyFile": admin.tls?.keyFile,
    "admin.tls.clientCAFile": admin.tls?.clientCAFile,
    "admin.auth.tokens": admin.auth.tokens,
    "admin.auth.oidc.issuer": admin.auth.oidc?.issuer,
    "admin.auth.oidc.audience": admin.auth.oidc?.audience,
    "admin.auth.oidc.algorithms": admin.auth.oidc?.algorithms.join(","),
    "admin.auth.oidc.clockTolerance": admin.auth.oidc && durationText(admin.auth.oidc.clockToleranceMs),
    "admin.auth.oidc.nameFrom": admin.auth.oidc?.nameFrom,
    "admin.auth.oidc.rolesFrom": admin.auth.oidc?.rolesFrom,
    "admin.auth.oidc.roles": admin.auth.oidc?.roles.map(({ value, role }) => `${value}=${role}`).join(","),
    "admin.auth.oidc.login.clientId": admin.auth.oidc?.login?.clientId,
    "admin.auth.oidc.login.scopes": admin.auth.oidc?.login?.scopes.join(","),
    "admin.auth.oidc.login.shows": admin.auth.oidc?.login?.shows,
    "resources.path": resources.path,
    "data.path": data.path,
    "store.consul.addresses": store?.addresses.join(","),
    "store.consul.prefix": store?.prefix,
    "store.consul.datacenter": store?.datacenter,
    "store.consul.tokenFile": store?.tokenFile,
    "store.consul.caFile": store?.caFile,
    "store.consul.certFile": store?.certFile,
    "store.consul.keyFile": store?.keyFile,
    "store.consul.serverName": store?.serverName,
    datacenters:
      [
        ...datacenters.map(({ name, addresses }) => `${name}=${addresses.join("|")}`),
        ...clusters.map(
          ({ name, access }) => `${name}=kubernetes:${access.kind === "kubeconfig" ? access.file : access.server}`,
        ),
      ].join(",") || undefined,
    discover: discover.map(({ services, tags }) => [services, ...tags].join("&")).join(",") || undefined,
    "guard.hold": durationText(guard.holdMs),
    "guard.drop": String(guard.dropPercent),
    "guard.growth": String(guard.growthFactor),
    "guard.flapping": durationText(guard.flapMs),
    "guard.allow": guard.allow.map(rangeText).join(","),
    "clients.admin.allow": clients.admin.allow.map(rangeText).join(",") || undefined,
    "clients.admin.interval": durationText(clients.admin.intervalMs),
    "clients.admin.timeout": durationText(clients.admin.timeoutMs),
    "clients.admin.concurrency": String(clients.admin.concurrency),
    "shift.prometheus": shift.prometheus,
    "reports.service": reports.service,
    "reports.address": reports.address,
    "reports.host": reports.host,
    "reports.tenant": reports.tenant,
    "reports.tls.caFile": reports.tls?.caFile,
    "reports.tls.certFile": reports.tls?.certFile,
    "reports.tls.keyFile": reports.tls?.keyFile,
    "telemetry.log.level": telemetry.log.level,
    "telemetry.log.format": telemetry.log.format,
    "telemetry.otlp.endpoint": telemetry.otlp.endpoint,
    "telemetry.otlp.serviceName": telemetry.otlp.serviceName,
  };
}

function whoSaid({ key }: Setting, { value, origin }: Gathered): string {
  const path = key.split(".");
  const from = origin(path);
  switch (from.kind) {
    case "flag":
    case "variable":
      return from.name;
    case "file":
      // The place is that of the nearest key around when the file does not have this one.
      return has(value, path) ? `${from.place.file}:${from.place.line}` : "default";
    case "default":
      return "default";
  }
}

function has(tree: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  return (
    typeof tree === "object" &&
    tree !== null &&
    Object.entries(tree).some(([name, value]) => name === key && has(value, rest))
  );
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

import { parseArgs } from "node:util";
import { type Cache, cache } from "./config/cache.ts";
import { type Cleaning, cleaning } from "./config/cleaning.ts";
import type { Flag, FlagGroup, ProcessDefaults } from "./config/flag-group.ts";
import { createFlagReader } from "./config/flag-reader.ts";
import { type Limits, limits } from "./config/limits.ts";
import { type Listening, listening } from "./config/listening.ts";
import { type Notifying, notifying } from "./config/notifying.ts";
import { type Objects, objects } from "./config/objects.ts";
import { type Peers, peers } from "./config/peers.ts";
import { type Queue, queue } from "./config/queue.ts";
import { type Registry, registry } from "./config/registry.ts";
import { type Roles, roles } from "./config/roles.ts";
import { type Security, security } from "./config/security.ts";
import { type Storage, storage } from "./config/storage.ts";
import { type Store, store } from "./config/store.ts";
import { type Workers, workers } from "./config/workers.ts";
import type { Parsed, Problem } from "./model/parsed.ts";

/** Everything that a server is told at its start; a provider's settings are beside the others. */
export type Config = Listening &
  Registry &
  Roles &
  Limits &
  Security &
  Storage &
  Cache &
  Store &
  Peers &
  Queue &
  Objects &
  Cleaning &
  Notifying &
  Workers;

const groups: readonly FlagGroup<Partial<Config>>[] = [
  listening,
  storage,
  cache,
  store,
  peers,
  queue,
  objects,
  cleaning,
  notifying,
  roles,
  workers,
  limits,
  security,
  registry,
];
const helpColumn = 26;
const allFlags = groups.flatMap(({ flags }) => flags);

/** How to call the program. */
export const usage = `usage: node main.ts serve --data DIR --locality DC/ZONE [FLAGS]
       node main.ts clean --data DIR --locality DC/ZONE [--dry-run] [FLAGS]

${groups.map(({ flags }) => flags.map(usageLine).join("\n")).join("\n\n")}

Each flag is also a variable: --queue-limit is WEIR_REPORT_QUEUE_LIMIT; the flag wins. Spans go where
OTEL_EXPORTER_OTLP_ENDPOINT says.
`;

/** The configuration from flags (without the command) and variables; all that is wrong is said at once. */
export function parseConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  defaults: ProcessDefaults,
): Parsed<Config> {
  const given = readFlags(args);
  if (!given.ok) return given;
  const problems: Problem[] = [];
  const get = (name: string): string | undefined =>
    given.value[name] ?? env[variableOf(name)] ?? allFlags.find((flag) => flag.name === name)?.default;
  const flags = createFlagReader(get, problems);
  const config: Config = {
    ...listening.read(flags, defaults),
    ...storage.read(flags, defaults),
    ...cache.read(flags, defaults),
    ...store.read(flags, defaults),
    ...peers.read(flags, defaults),
    ...queue.read(flags, defaults),
    ...objects.read(flags, defaults),
    ...cleaning.read(flags, defaults),
    ...notifying.read(flags, defaults),
    ...roles.read(flags, defaults),
    ...workers.read(flags, defaults),
    ...limits.read(flags, defaults),
    ...security.read(flags, defaults),
    ...registry.read(flags, defaults),
  };
  if (config.results === "kafka" && config.queue.kind !== "kafka")
    problems.push({ at: "--results", says: "kafka needs --queue kafka://HOST:PORT,…" });
  if (config.peers.some(({ datacenter }) => datacenter === config.datacenter))
    problems.push({ at: "--peer", says: `is for other data centers; ${config.datacenter} is this one, of --store` });
  if (config.lostDatacenters.has(config.datacenter))
    problems.push({
      at: "--lost-datacenters",
      says: `is for other data centers; this server is in ${config.datacenter}`,
    });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: config };
}

function readFlags(args: readonly string[]): Parsed<Readonly<Record<string, string | undefined>>> {
  try {
    const options = Object.fromEntries(
      allFlags.map(({ name, repeatable = false }) => [name, { type: "string" as const, multiple: repeatable }]),
    );
    const { values } = parseArgs({ args: [...args], options });
    const entries = Object.entries(values).map(([name, value]) => [name, textOf(value)] as const);
    return { ok: true, value: Object.fromEntries(entries) };
  } catch (error) {
    return { ok: false, problems: [{ at: "flags", says: (error as Error).message }] };
  }
}

function textOf(value: ReturnType<typeof parseArgs>["values"][string]): string | undefined {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "string" ? value : undefined;
}

function variableOf(name: string): string {
  return `WEIR_REPORT_${name.toUpperCase().replaceAll("-", "_")}`;
}

function usageLine({ name, value, help, ...rest }: Flag): string {
  const what = rest.default ? `${help} (${rest.default})` : help;
  const flag = `--${name} ${value}`;
  return flag.length < helpColumn
    ? `  ${flag.padEnd(helpColumn)}${what}`
    : `  ${flag}\n  ${" ".repeat(helpColumn)}${what}`;
}

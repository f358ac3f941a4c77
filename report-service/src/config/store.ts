import type { CassandraSettings } from "../cassandra/settings.ts";
import type { PostgresSettings } from "../postgres/settings.ts";
import { parseCassandraUrl } from "./cassandra-url.ts";
import { type FlagReader, flagGroup } from "./flag-group.ts";
import { parsePostgresUrl } from "./postgres-url.ts";
import { withoutPassword } from "./without-password.ts";

/** What keeps reports. */
export type Store = {
  readonly store:
    | { readonly kind: "sqlite" }
    | { readonly kind: "postgres"; readonly settings: PostgresSettings }
    | { readonly kind: "cassandra"; readonly settings: CassandraSettings };
};

export const store = flagGroup(
  [
    {
      name: "store",
      default: "sqlite",
      value: "WHERE",
      help: "what keeps reports: sqlite (in --data), postgres://USER@HOST,…/DATABASE (docs/report-service/postgres.md), or cassandra://HOST,…/KEYSPACE?datacenter=NAME (cassandras: TLS; docs/report-service/cassandra.md)",
    },
    {
      name: "postgres-replica",
      value: "URL",
      help: "postgres://…: standbys that lists and ended reports are read from",
    },
    { name: "postgres-pool", default: "50", value: "N", help: "connections that a server may have open at once" },
    { name: "postgres-pool-idle", default: "25", value: "N", help: "how many of them may stay open unused" },
    { name: "postgres-pool-lifetime", default: "5m", value: "TIME", help: "how old a connection may become" },
    {
      name: "postgres-statement-timeout",
      default: "10s",
      value: "TIME",
      help: "a statement of Postgres that takes longer is given up; its call gets UNAVAILABLE",
    },
  ],
  (flags): Store => {
    const given = flags.get("store") ?? "sqlite";
    if (given === "sqlite") return { store: { kind: "sqlite" } };
    if (/^cassandras?:/.test(given)) return cassandraOf(flags, given);
    const addresses = parsePostgresUrl(given);
    if (!addresses) {
      const known = "sqlite, postgres://USER@HOST,…/DATABASE or cassandra://HOST,…/KEYSPACE?datacenter=NAME";
      flags.say("store", `must be ${known}, not "${withoutPassword(given)}"`);
    }
    const replicas = replicasOf(flags);
    const settings: PostgresSettings = {
      addresses: addresses ?? [],
      ...(replicas && { replicas }),
      pool: {
        max: flags.integer("postgres-pool", 2, 1_000),
        maxIdle: flags.integer("postgres-pool-idle", 1, 1_000),
        lifetimeMs: flags.time("postgres-pool-lifetime", 1_000),
      },
      statementMs: flags.time("postgres-statement-timeout", 100),
      connectMs: 2_000,
      patienceMs: 2_000,
    };
    return { store: { kind: "postgres", settings } };
  },
);

function cassandraOf(flags: FlagReader<"store">, given: string): Store {
  const settings = parseCassandraUrl(given);
  if (settings.ok) return { store: { kind: "cassandra", settings: settings.value } };
  for (const { at, says } of settings.problems)
    flags.say("store", at === "" ? `${says}, not "${withoutPassword(given)}"` : `${at} ${says}`);
  return { store: { kind: "sqlite" } };
}

function replicasOf(flags: FlagReader<"postgres-replica">): PostgresSettings["replicas"] {
  const given = flags.get("postgres-replica");
  if (given === undefined) return undefined;
  const replicas = parsePostgresUrl(given);
  if (!replicas)
    flags.say("postgres-replica", `must be postgres://USER@HOST,…/DATABASE, not "${withoutPassword(given)}"`);
  return replicas;
}

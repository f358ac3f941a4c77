import type { CassandraSettings } from "../cassandra/settings.ts";

/**
 * `cassandra://USER:PASSWORD@ONE:9042,TWO/KEYSPACE?datacenter=dc-a&copies=dc-a:3,dc-b:3&serial=local`, or what is wrong with
 * it.
 */
export function parseCassandraUrl(text: string): CassandraSettings | string {
  const [, login, hosts, keyspace = "", query = ""] =
    /^cassandra:\/\/(?:([^@/?]*)@)?([^/?@]+)\/(\w*)(?:\?(.*))?$/.exec(text) ?? [];
  if (hosts === undefined) return "is written cassandra://HOST,…/KEYSPACE?datacenter=NAME&copies=NAME:3";
  if (!/^[a-z]\w{0,47}$/.test(keyspace)) return "needs the name of a keyspace: lower-case letters, digits and _";
  const options = new URLSearchParams(query);
  const unknown = [...options.keys()].find((name) => !["datacenter", "copies", "serial"].includes(name));
  if (unknown !== undefined) return `has no option ${unknown}: there are datacenter, copies and serial`;
  const datacenter = options.get("datacenter") ?? "";
  if (!isName.test(datacenter)) return "needs datacenter=NAME, as Cassandra calls the one that this server is in";
  const replication = copiesOf(options.get("copies") ?? `${datacenter}:1`);
  if (!replication) return "writes copies as NAME:3,…, for each data center from 1 to 9";
  const serial = options.get("serial") ?? "local";
  if (serial !== "local" && serial !== "global") return "has serial=local or serial=global";
  const [user, password] = (login ?? "").split(":").map(decodeURIComponent);
  return {
    contactPoints: hosts.split(","),
    ...(user ? { credentials: { user, password: password ?? "" } } : {}),
    ...{ keyspace, datacenter, replication, serial, timeoutMs: 10_000 },
  };
}

const isName = /^[\w.-]{1,100}$/;

function copiesOf(text: string): Record<string, number> | undefined {
  const copies = text.split(",").map((one) => one.split(":"));
  const isRight = ([name = "", count = "", ...more]: readonly string[]) =>
    isName.test(name) && /^[1-9]$/.test(count) && more.length === 0;
  return copies.every(isRight) ? Object.fromEntries(copies.map(([name, count]) => [name, Number(count)])) : undefined;
}

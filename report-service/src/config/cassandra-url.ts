import type { CassandraSettings, Credentials } from "../cassandra/settings.ts";
import type { Parsed, Problem } from "../model/parsed.ts";
import { readTlsOptions, tlsOptions } from "./tls-options.ts";

const form = "cassandra://HOST,…/KEYSPACE?datacenter=NAME&copies=NAME:3";
const options = ["datacenter", "copies", "serial", "password-file", ...tlsOptions];

type Say = (at: string, says: string) => void;

/**
 * Reads `cassandra://USER:PASSWORD@ONE:9042,TWO/KEYSPACE?datacenter=dc-a&copies=dc-a:3,dc-b:3&serial=local`, or
 * `cassandras://` for TLS. What is wrong with the whole is at "", and to be shown with the URL, without its password.
 */
export function parseCassandraUrl(text: string): Parsed<CassandraSettings> {
  const [, secure = "", login = "", hosts = "", keyspace = "", query = ""] =
    /^cassandra(s?):\/\/(?:([^@/?]*)@)?([^/?@]+)\/(\w*)(?:\?(.*))?$/.exec(text) ?? [];
  if (hosts === "") {
    const escaped = text.includes("@") ? ", a password's own @ / ? and % as %40 %2F %3F and %25" : "";
    return { ok: false, problems: [{ at: "", says: `must be ${form}${escaped}` }] };
  }
  const given = new URLSearchParams(query);
  const problems: Problem[] = [];
  const say: Say = (at, says) => problems.push({ at, says });
  if (!/^[a-z]\w{0,47}$/.test(keyspace)) say("", "needs the name of a keyspace: lower-case letters, digits and _");
  for (const name of new Set(given.keys()))
    if (!options.includes(name)) say(name, `is no option: there are ${options.join(", ")}`);
  const datacenter = given.get("datacenter") ?? "";
  if (!isName.test(datacenter)) say("datacenter", "is needed: Cassandra's name of the one that this server is in");
  const replication = copiesOf(given.get("copies") ?? `${datacenter}:1`);
  if (!replication && given.has("copies")) say("copies", "is written NAME:3,…, for each data center from 1 to 9");
  const serial = given.get("serial") ?? "local";
  if (serial !== "local" && serial !== "global") say("serial", "must be local or global");
  const credentials = credentialsOf(login, given.get("password-file"), say);
  const tls = readTlsOptions(given, { isSecure: secure === "s", secure: "cassandras" }, say);
  if (problems.length > 0 || !replication) return { ok: false, problems };
  return {
    ok: true,
    value: {
      contactPoints: hosts.split(","),
      ...(credentials && { credentials }),
      ...(tls && { tls }),
      ...{ keyspace, datacenter, replication, serial: serial === "global" ? "global" : "local", timeoutMs: 10_000 },
    },
  };
}

const isName = /^[\w.-]{1,100}$/;

function copiesOf(text: string): Record<string, number> | undefined {
  const copies = text.split(",").map((one) => one.split(":"));
  const isRight = ([name = "", count = "", ...more]: readonly string[]) =>
    isName.test(name) && /^[1-9]$/.test(count) && more.length === 0;
  return copies.every(isRight) ? Object.fromEntries(copies.map(([name, count]) => [name, Number(count)])) : undefined;
}

function credentialsOf(login: string, passwordFile: string | null, say: Say): Credentials | undefined {
  if (login === "" && passwordFile === null) return undefined;
  const [, rawUser = "", rawPassword] = /^([^:]*)(?::(.*))?$/s.exec(login) ?? [];
  const [user, password] = [decoded(rawUser), decoded(rawPassword ?? "")];
  if (user === undefined || password === undefined)
    say("user or password", "has a % that begins no code: % itself is %25");
  else if (user === "") say("user", "is missing before the password: cassandra://USER@HOST");
  else if (password !== "" && passwordFile !== null)
    say("password-file", "and a password in the URL are one too many: leave either out");
  else if (passwordFile !== null && passwordFile !== "") return { user, passwordFile };
  else if (password !== "") return { user, password };
  else say("password-file", "is needed with a user: a file with the password");
  return undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

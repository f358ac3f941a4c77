import type { KafkaSettings } from "../kafka/kafka-settings.ts";
import type { Parsed, Problem } from "../model/parsed.ts";
import { readTlsOptions, tlsOptions } from "./tls-options.ts";

const form = "kafka://HOST:PORT,HOST:PORT?prefix=P&partitions=N&replicas=N";
const saslOptions = ["sasl", "user", "password-file"] as const;
const options = ["prefix", "partitions", "replicas", ...tlsOptions, ...saslOptions];
const mechanisms = {
  plain: "PLAIN",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
} as const;

type Say = (at: string, says: string) => void;

/** Reads `kafka://HOST:PORT,…?prefix=…&partitions=6&replicas=3`, or `kafkas://` for TLS; a URL has one host only, so this is none. */
export function parseKafkaUrl(text: string): Parsed<KafkaSettings> {
  const [, secure = "", hosts = "", query = ""] = /^kafka(s?):\/\/([^/?]+)\/?(?:\?(.*))?$/.exec(text) ?? [];
  const brokers = hosts.split(",").filter((host) => host !== "");
  const given = new URLSearchParams(query);
  const problems: Problem[] = [];
  const say: Say = (at, says) => problems.push({ at, says });
  // What stands there may be a password.
  if (hosts.includes("@")) say("", `must be ${form}: a user and its password are told by user= and password-file=`);
  else if (brokers.length === 0 || !brokers.every((host) => /^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/.test(host)))
    say("", `must be ${form}, not "${text}"`);
  for (const name of given.keys()) if (!options.includes(name)) say(name, `is no option of ${form}`);
  const prefix = given.get("prefix") ?? "";
  if (!/^[\w.-]{0,64}$/.test(prefix))
    say("prefix", `must consist of letters, digits, '.', '_' and '-', not "${prefix}"`);
  const partitions = Number(given.get("partitions") ?? 6);
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 1_000) say("partitions", "must be 1 to 1000");
  const replicas = Number(given.get("replicas") ?? -1);
  if (!Number.isInteger(replicas) || replicas === 0 || replicas < -1 || replicas > 9)
    say("replicas", "must be 1 to 9, or -1 for what the cluster has as its default");
  const tls = readTlsOptions(given, { isSecure: secure === "s", secure: "kafkas" }, say);
  const sasl = saslOf(given, secure === "s", say);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: { brokers, prefix, partitions, replicas, ...(tls && { tls }), ...(sasl && { sasl }) } };
}

function saslOf(given: URLSearchParams, secure: boolean, say: Say): KafkaSettings["sasl"] {
  const [name, user = "", passwordFile = ""] = saslOptions.map((option) => given.get(option) ?? undefined);
  if (name === undefined) {
    if (user || passwordFile) say("sasl", `is needed, too: one of ${Object.keys(mechanisms).join(", ")}`);
    return undefined;
  }
  const mechanism = Object.entries(mechanisms).find(([each]) => each === name)?.[1];
  if (mechanism === undefined) say("sasl", `must be one of ${Object.keys(mechanisms).join(", ")}, not "${name}"`);
  if (mechanism === "PLAIN" && !secure) say("sasl", "plain sends the password as it is: it needs TLS, kafkas://");
  if (user === "") say("user", "is needed with sasl=");
  if (passwordFile === "") say("password-file", "is needed with sasl=: a file with the password");
  return mechanism && { mechanism, user, passwordFile };
}

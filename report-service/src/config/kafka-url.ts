import type { KafkaSettings } from "../kafka/kafka-settings.ts";
import type { Parsed, Problem } from "../model/parsed.ts";

const form = "kafka://HOST:PORT,HOST:PORT?prefix=P&partitions=N&replicas=N";

/** Reads `kafka://HOST:PORT,…?prefix=…&partitions=6&replicas=3`; a URL has one host only, so this is none. */
export function parseKafkaUrl(text: string): Parsed<KafkaSettings> {
  const [, hosts = "", query = ""] = /^kafka:\/\/([^/?]+)\/?(?:\?(.*))?$/.exec(text) ?? [];
  const brokers = hosts.split(",").filter((host) => host !== "");
  const options = new URLSearchParams(query);
  const problems: Problem[] = [];
  const say = (at: string, says: string) => problems.push({ at, says });
  if (brokers.length === 0 || !brokers.every((host) => /^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/.test(host)))
    say("", `must be ${form}, not "${text}"`);
  for (const name of options.keys()) {
    if (!["prefix", "partitions", "replicas"].includes(name)) say(name, `is no option of ${form}`);
  }
  const prefix = options.get("prefix") ?? "";
  if (!/^[\w.-]{0,64}$/.test(prefix))
    say("prefix", `must consist of letters, digits, '.', '_' and '-', not "${prefix}"`);
  const partitions = Number(options.get("partitions") ?? 6);
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 1_000) say("partitions", "must be 1 to 1000");
  const replicas = Number(options.get("replicas") ?? -1);
  if (!Number.isInteger(replicas) || replicas === 0 || replicas < -1 || replicas > 9)
    say("replicas", "must be 1 to 9, or -1 for what the cluster has as its default");
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { brokers, prefix, partitions, replicas } };
}

import type { KafkaSettings } from "../kafka/kafka-settings.ts";
import type { Parsed } from "../model/parsed.ts";
import type { RabbitMqSettings } from "../rabbitmq/rabbitmq-settings.ts";
import type { RedisStreamSettings } from "../redis/stream-broker.ts";
import { flagGroup } from "./flag-group.ts";
import { parseKafkaUrl } from "./kafka-url.ts";
import { withoutPassword } from "./without-password.ts";

/** Where reports wait for workers. `store`: where they are; else a message broker tells workers of them. */
export type Queue = {
  readonly queue:
    | { readonly kind: "store" }
    | { readonly kind: "kafka"; readonly settings: KafkaSettings }
    | { readonly kind: "rabbitmq"; readonly settings: RabbitMqSettings }
    | { readonly kind: "redis"; readonly settings: RedisStreamSettings };
};

export const queue = flagGroup(
  [
    {
      name: "queue",
      default: "store",
      value: "WHERE",
      help: "where reports wait for workers: store, kafka://HOST:PORT,… (kafkas: TLS), amqp://… or redis://… (docs/report-service/brokers.md)",
    },
  ],
  (flags): Queue => {
    const given = flags.get("queue") ?? "store";
    const chosen = parseQueue(given);
    if (chosen.ok) return { queue: chosen.value };
    for (const { at, says } of chosen.problems) flags.say("queue", at === "" ? says : `${at} ${says}`);
    return { queue: { kind: "store" } };
  },
);

function parseQueue(given: string): Parsed<Queue["queue"]> {
  if (given === "store") return { ok: true, value: { kind: "store" } };
  if (/^kafkas?:\/\//.test(given)) {
    const settings = parseKafkaUrl(given);
    return settings.ok ? { ok: true, value: { kind: "kafka", settings: settings.value } } : settings;
  }
  if (/^amqps?:\/\//.test(given) && URL.canParse(given))
    return { ok: true, value: { kind: "rabbitmq", settings: settingsOf(new URL(given)) } };
  if (/^rediss?:\/\//.test(given) && URL.canParse(given))
    return { ok: true, value: { kind: "redis", settings: settingsOf(new URL(given)) } };
  const says = `must be store, kafka://HOST:PORT,…, amqp://USER:PASSWORD@HOST:PORT or redis://HOST:PORT, not "${withoutPassword(given)}"`;
  return { ok: false, problems: [{ at: "", says }] };
}

/** `?prefix=` is ours, all else the client's. */
function settingsOf(url: URL): { readonly url: string; readonly prefix: string } {
  const prefix = url.searchParams.get("prefix") ?? "";
  url.searchParams.delete("prefix");
  return { url: url.href, prefix };
}

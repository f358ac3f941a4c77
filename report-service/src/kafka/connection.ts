import { isIP } from "node:net";
import type { BaseOptions } from "@platformatic/kafka";
import { passwordIn } from "../lib/password-in.ts";
import { readTlsFiles } from "../lib/tls-files.ts";
import type { KafkaSettings } from "./kafka-settings.ts";

type Connection = Pick<BaseOptions, "bootstrapBrokers" | "tls" | "tlsServerName" | "sasl">;

/**
 * How a client of the library reaches these brokers. Certificates are read now, and throw where they cannot be; the password is
 * read at each login, so that a new one needs no restart.
 */
export function connectionTo({ brokers, tls, sasl }: Pick<KafkaSettings, "brokers" | "tls" | "sasl">): Connection {
  return {
    bootstrapBrokers: [...brokers],
    ...(tls && {
      tls: readTlsFiles(tls, "--queue kafkas://…"),
      // Proxies in front of several clusters go by it. An address is not allowed there (RFC 6066).
      tlsServerName: !brokers.some((broker) => isIP(hostOf(broker)) !== 0),
    }),
    ...(sasl && {
      sasl: { mechanism: sasl.mechanism, username: sasl.user, password: () => passwordIn(sasl.passwordFile) },
    }),
  };
}

function hostOf(broker: string): string {
  return broker.slice(0, broker.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

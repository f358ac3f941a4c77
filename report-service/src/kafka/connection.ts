import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { BaseOptions } from "@platformatic/kafka";
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
      tls: {
        ...(tls.ca !== undefined && { ca: pem("ca", tls.ca) }),
        ...(tls.cert !== undefined && { cert: pem("cert", tls.cert) }),
        ...(tls.key !== undefined && { key: pem("key", tls.key) }),
      },
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

function pem(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Error(`--queue kafkas://…?${option}=${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Without the line break that editors leave. */
async function passwordIn(file: string): Promise<string> {
  return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
}

import { readFileSync, statSync } from "node:fs";
import type { TenantId } from "../model/names.ts";
import { parseTenantName } from "../model/names.ts";
import type { Secrets } from "./webhook.ts";

/** What a tenant's messages are signed with; undefined where it has no secret. */
export type SecretsOf = (tenant: TenantId) => Secrets | undefined;

// One look at the file costs some microseconds.
const lookEveryMs = 1_000;
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: 24 to 64 bytes.
const bytes = { least: 24, most: 64 };

/**
 * Reads a file of lines `TENANT whsec_BASE64 [whsec_BASE64]`, and again when it has changed; `onWrong` is told where it then
 * cannot be used, and what was read before stays. Throws where it cannot be used at first.
 */
export function openNotifySecrets(path: string, onWrong: (cause: Error) => void, now = Date.now): SecretsOf {
  let seen = versionOf(path);
  let known = read(path);
  let lookMs = now() + lookEveryMs;
  return (tenant) => {
    if (now() >= lookMs) {
      lookMs = now() + lookEveryMs;
      try {
        const version = versionOf(path);
        if (version !== seen) {
          seen = version;
          known = read(path);
        }
      } catch (cause) {
        onWrong(cause as Error);
      }
    }
    return known.get(tenant);
  };
}

function versionOf(path: string): string {
  try {
    const { mtimeMs, ino, size } = statSync(path);
    return `${mtimeMs} ${ino} ${size}`;
  } catch (cause) {
    throw new Error(`cannot read the secrets for notices in ${path}: ${(cause as Error).message}`, { cause });
  }
}

function read(path: string): ReadonlyMap<TenantId, Secrets> {
  const lines = readFileSync(path, "utf8").split("\n");
  const known = new Map<TenantId, Secrets>();
  for (const [index, line] of lines.entries()) {
    const [tenant = "", ...secrets] = line.trim().split(/\s+/);
    if (tenant === "" || tenant.startsWith("#")) continue;
    const id = parseTenantName(`tenants/${tenant}`);
    const keys = secrets.map(secretOf).filter((key) => key !== undefined);
    // The text itself stays out of the message: it may be a secret.
    if (!id || secrets.length < 1 || secrets.length > 2 || keys.length < secrets.length || known.has(id))
      throw new Error(
        `${path}: line ${index + 1} is not a tenant that has no line yet and one or two secrets, whsec_ and ` +
          `${bytes.least} to ${bytes.most} bytes in base64, as in: acme whsec_$(openssl rand -base64 32)`,
      );
    known.set(id, keys);
  }
  return known;
}

function secretOf(text: string): Buffer | undefined {
  const [, base64 = ""] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const key = Buffer.from(base64, "base64");
  return key.length >= bytes.least && key.length <= bytes.most ? key : undefined;
}

import { readFile } from "node:fs/promises";
import type { Credentials } from "./settings.ts";

export type CredentialFile = {
  current(): Promise<Credentials>;
  /** Reads the file again; whether it holds others now. */
  reread(): Promise<boolean>;
};

const rereadEveryMs = 60_000;

/**
 * The credentials in a file of the form that AWS's own tools use: of the profile `default`, or the first one. They are
 * read again each minute, and when they are refused, so that they can be changed while servers run.
 */
export async function openCredentialFile(path: string): Promise<CredentialFile> {
  let held = await read(path);
  let readAtMs = performance.now();
  return {
    async current() {
      if (performance.now() - readAtMs > rereadEveryMs) {
        readAtMs = performance.now();
        // A file that is being replaced may be missing or empty for a moment.
        held = await read(path).catch(() => held);
      }
      return held;
    },
    async reread() {
      const before = held;
      held = await read(path).catch(() => held);
      return held.accessKeyId !== before.accessKeyId || held.secretAccessKey !== before.secretAccessKey;
    },
  };
}

async function read(path: string): Promise<Credentials> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new Error(`cannot read the S3 credentials in ${path}: ${cause.message}`, { cause });
  });
  const credentials = parseCredentials(text);
  if (credentials) return credentials;
  throw new Error(`${path} holds no S3 credentials; write aws_access_key_id = … and aws_secret_access_key = … into it`);
}

/** The credentials of the profile `default`, or of the first one. */
export function parseCredentials(text: string): Credentials | undefined {
  const profiles = new Map<string, Map<string, string>>();
  let profile = "";
  for (const line of text.split("\n").map((each) => each.trim())) {
    const [, named] = /^\[(.*)\]$/.exec(line) ?? [];
    if (named !== undefined) profile = named.trim();
    const [, name, value] = /^([a-z_]+)\s*=\s*(\S+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    profiles.set(profile, (profiles.get(profile) ?? new Map()).set(name, value));
  }
  const chosen = profiles.get("default") ?? [...profiles.values()][0];
  const [accessKeyId, secretAccessKey] = [chosen?.get("aws_access_key_id"), chosen?.get("aws_secret_access_key")];
  const sessionToken = chosen?.get("aws_session_token");
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

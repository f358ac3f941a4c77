import { readFile } from "node:fs/promises";
import { Agent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import { z } from "zod";
import type { Kv, KvQuestion, KvReading, KvWrite } from "./kv.ts";
import { KvRefusal, type KvRequest, requestKv } from "./kv-request.ts";

/** Where a Consul with the shared store is, and who asks it. Paths are PEM files, read at the start. */
export type ConsulKvAccess = {
  /** Agents or servers, asked in this order until one answers. */
  readonly addresses: readonly string[];
  /** `?dc=`; undefined: that of the agent. */
  readonly datacenter: string | undefined;
  /** Read again for each call. */
  readonly tokenFile: string | undefined;
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** The name in its certificate, where it is not that of the address. */
  readonly serverName: string | undefined;
};

// Writes to a healthy quorum take milliseconds; a cut WAN would hang for 20 s.
const answerMs = 3_000;
const connectMs = 1_000;

const readEntries = z.array(z.object({ Key: z.string(), Value: z.string().nullable(), ModifyIndex: z.int().min(0) }));

// A delete has no result.
const transaction = z.object({
  Results: z.array(z.object({ KV: z.object({ ModifyIndex: z.int() }).optional() })).nullable(),
});

/** Consul's KV over its HTTP API; `heard` is told how late it is there, at each answer. Rejects when a TLS file cannot be read. */
export async function createConsulKv(access: ConsulKvAccess, heard: (at: Date) => void = () => {}): Promise<Kv> {
  const { addresses, datacenter, tokenFile } = access;
  const plain = new Agent({ keepAlive: true });
  const secure = new SecureAgent({ keepAlive: true, ...(await tlsOf(access)) });

  async function ask(
    method: KvRequest["method"],
    path: string,
    query: Readonly<Record<string, string>>,
    { body, timeLimitMs = answerMs }: { readonly body?: string; readonly timeLimitMs?: number },
    signal: AbortSignal,
  ) {
    const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, "utf8")).trim();
    let failure: Error | undefined;
    for (const address of addresses) {
      const url = new URL(path, address);
      url.search = new URLSearchParams({ ...query, ...(datacenter !== undefined && { dc: datacenter }) }).toString();
      const agent = url.protocol === "https:" ? secure : plain;
      try {
        const answer = await requestKv({ method, url, agent, token, body, timeLimitMs, connectMs }, signal);
        if (answer.at) heard(answer.at);
        return answer;
      } catch (cause) {
        failure = cause instanceof Error ? cause : new Error(String(cause));
        // A write that may have been taken is not given to the next server: whoever asked looks what has become of it.
        if (signal.aborted || (method === "PUT" && !neverSent(failure))) break;
      }
    }
    throw new Error(`Consul at ${addresses.join(", ")}: ${failure?.message}`, { cause: failure });
  }

  return {
    address: addresses.join(", "),
    async read({ key, below = false, consistent = false, wait }: KvQuestion, signal): Promise<KvReading> {
      const query = {
        ...(consistent && { consistent: "" }),
        ...(below && { recurse: "" }),
        ...(wait && { index: String(Math.max(1, wait.index)), wait: `${wait.waitMs}ms` }),
      };
      // Consul adds up to a sixteenth to the wait, so that not all come back at once.
      const timeLimitMs = answerMs + (wait ? wait.waitMs * (1 + 1 / 16) : 0);
      const { status, index, text } = await ask("GET", `/v1/kv/${key}`, query, { timeLimitMs }, signal);
      if (status === 404) return { entries: [], index };
      const parsed = readEntries.safeParse(JSON.parse(text));
      if (!parsed.success) throw new Error(`Consul at ${addresses.join(", ")}: ${key} was not answered as KV entries`);
      const entries = parsed.data.map(({ Key, Value, ModifyIndex }) => ({
        key: Key,
        value: Buffer.from(Value ?? "", "base64"),
        index: ModifyIndex,
      }));
      return { entries, index };
    },
    async keys(prefix, signal) {
      const { status, text } = await ask("GET", `/v1/kv/${prefix}`, { keys: "" }, {}, signal);
      return status === 404 ? [] : z.array(z.string()).parse(JSON.parse(text));
    },
    async write(writes, signal) {
      const body = JSON.stringify(writes.map(operationOf));
      const { status, text } = await ask("PUT", "/v1/txn", {}, { body }, signal);
      if (status === 409) return undefined;
      const { Results } = transaction.parse(JSON.parse(text));
      return Math.max(0, ...(Results ?? []).map(({ KV }) => KV?.ModifyIndex ?? 0));
    },
    async [Symbol.asyncDispose]() {
      plain.destroy();
      secure.destroy();
    },
  };
}

function operationOf(write: KvWrite): object {
  const { kind, key } = write;
  if (kind === "delete") return { KV: { Verb: "delete", Key: key } };
  const { value, ifIndex } = write;
  const Value = value.toString("base64");
  if (ifIndex === undefined) return { KV: { Verb: "set", Key: key, Value } };
  return { KV: { Verb: "cas", Key: key, Value, Index: ifIndex } };
}

function neverSent(failure: Error): boolean {
  return failure instanceof KvRefusal
    ? failure.status === 429
    : "code" in failure && (failure.code === "ECONNREFUSED" || failure.code === "ENOTFOUND");
}

async function tlsOf({ caFile, certFile, keyFile, serverName }: ConsulKvAccess) {
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map(readPem));
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

async function readPem(file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file);
  } catch (cause) {
    throw new Error(`store.consul: ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

import { readFile } from "node:fs/promises";
import type Consul from "consul";
import { z } from "zod";
import { type CallOptions, ConsulRefusal, createAskConsul } from "./ask-consul.ts";
import type { Kv, KvQuestion, KvReading, KvWrite } from "./kv.ts";

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

const readEntries = z.array(z.object({ Key: z.string(), Value: z.string().nullable(), ModifyIndex: z.int().min(0) }));

// A delete has no result.
const transaction = z.object({
  Results: z.array(z.object({ KV: z.object({ ModifyIndex: z.int() }).optional() })).nullable(),
  Errors: z.array(z.object({ What: z.string() })).nullish(),
});
// The other 409 is `Permission denied` (1.8.7): asked again it would be the same.
const isStale = /index is stale/;

/** Consul's KV over its HTTP API; `heard` is told how late it is there, at each answer. Rejects when a TLS file cannot be read. */
export async function createConsulKv(access: ConsulKvAccess, heard: (at: Date) => void = () => {}): Promise<Kv> {
  const { addresses, datacenter, tokenFile } = access;
  const tls = await tlsOf(access);
  const clients = addresses.map((address) => createAskConsul(address, tls));

  async function ask(
    kind: "reads" | "writes",
    call: (consul: Consul, options: CallOptions) => Promise<unknown>,
    timeout: number,
    signal: AbortSignal,
  ) {
    const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, "utf8")).trim();
    const options = {
      timeout,
      ...(datacenter !== undefined && { dc: datacenter }),
      ...(token !== undefined && { token }),
    };
    let failure: Error | undefined;
    for (const client of clients) {
      try {
        const answer = await client.ask(call, options, signal);
        if (answer.at) heard(answer.at);
        return answer;
      } catch (cause) {
        failure = cause instanceof Error ? cause : new Error(String(cause));
        // A write that may have been taken is not given to the next server: whoever asked looks what has become of it.
        if (signal.aborted || (kind === "writes" && !neverSent(failure))) break;
      }
    }
    throw new Error(`Consul at ${addresses.join(", ")}: ${failure?.message}`, { cause: failure });
  }

  return {
    address: addresses.join(", "),
    async read({ key, below = false, consistent = false, wait }: KvQuestion, signal): Promise<KvReading> {
      const question = {
        key,
        recurse: below,
        consistent,
        ...(wait && { index: String(Math.max(1, wait.index)), wait: `${wait.waitMs}ms` }),
      };
      // Consul adds up to a sixteenth to the wait, so that not all come back at once.
      const timeLimitMs = answerMs + (wait ? Math.ceil(wait.waitMs * (1 + 1 / 16)) : 0);
      const call = (consul: Consul, options: CallOptions) => consul.kv.get({ ...question, ...options });
      const { status, index, body } = await ask("reads", call, timeLimitMs, signal);
      if (status === 404) return { entries: [], index };
      const parsed = readEntries.safeParse(body);
      if (!parsed.success) throw new Error(`Consul at ${addresses.join(", ")}: ${key} was not answered as KV entries`);
      const entries = parsed.data.map(({ Key, Value, ModifyIndex }) => ({
        key: Key,
        value: Buffer.from(Value ?? "", "base64"),
        index: ModifyIndex,
      }));
      return { entries, index };
    },
    async keys(prefix, signal) {
      const call = (consul: Consul, options: CallOptions) => consul.kv.keys({ key: prefix, ...options });
      const { status, body } = await ask("reads", call, answerMs, signal);
      return status === 404 ? [] : z.array(z.string()).parse(body);
    },
    async write(writes, signal) {
      // Its types do not have the `KV` around each, without which Consul refuses them.
      const operations = writes.map(operationOf) as never[];
      const call = (consul: Consul, options: CallOptions) =>
        consul.transaction.create(operations, { operations, ...options });
      const { status, body } = await ask("writes", call, answerMs, signal);
      const parsed = transaction.safeParse(body);
      if (!parsed.success) throw new Error(`Consul at ${addresses.join(", ")}: a transaction was not answered as one`);
      const { Results, Errors } = parsed.data;
      if (status !== 409) return Math.max(0, ...(Results ?? []).map(({ KV }) => KV?.ModifyIndex ?? 0));
      const refusal = Errors?.find(({ What }) => !isStale.test(What));
      if (refusal) throw new Error(`Consul at ${addresses.join(", ")}: 409: ${refusal.What}`);
      return undefined;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client[Symbol.dispose]();
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
  return failure instanceof ConsulRefusal
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

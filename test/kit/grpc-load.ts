import type { Client } from "@grpc/grpc-js";
import { type CallOptions, type CallRecord, connectEcho, say } from "./echo.ts";

/** Requests to one target, each answered with a record of what became of it. */
export type Load = AsyncDisposable & {
  /** Sends this many, `atOnce` (10) of them in flight at a time. */
  send(count: number, options?: CallOptions & { readonly atOnce?: number }): Promise<readonly CallRecord[]>;
  /** Sends at a rate for a time, answered or not; gives the records once all are answered. */
  sendAtRate(
    wanted: CallOptions & { readonly perSecond: number; readonly forMs: number },
  ): Promise<readonly CallRecord[]>;
};

/** A plain gRPC client of a target (`host:port`), as of an Envoy's listener, which routes by the authority. */
export function startLoad({ target, authority }: { readonly target: string; readonly authority?: string }): Load {
  return loadOf(connectEcho(target, authority ? { "grpc.default_authority": authority } : {}));
}

/** The load of a client that is there already. */
export function loadOf(client: Client): Load {
  return {
    async send(count, { atOnce = 10, ...options } = {}) {
      const records: CallRecord[] = [];
      let left = count;
      const worker = async () => {
        while (left > 0) {
          left -= 1;
          records.push(await say(client, options));
        }
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
      return records;
    },
    async sendAtRate({ perSecond, forMs, ...options }) {
      const calls: Promise<CallRecord>[] = [];
      const start = performance.now();
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          const elapsed = performance.now() - start;
          // By the clock and not by ticks: a late tick sends what it is late with.
          const due = Math.floor((Math.min(elapsed, forMs) / 1000) * perSecond);
          while (calls.length < due) calls.push(say(client, options));
          if (elapsed < forMs) return;
          clearInterval(timer);
          resolve();
        }, 5);
      });
      return Promise.all(calls);
    },
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}

/** How many requests each data center answered. */
export function answersByDatacenter(records: readonly CallRecord[]): ReadonlyMap<string, number> {
  return countBy(records.flatMap(({ reply }) => (reply ? [reply.datacenter] : [])));
}

/** How many requests each backend answered. */
export function answersById(records: readonly CallRecord[]): ReadonlyMap<string, number> {
  return countBy(records.flatMap(({ reply }) => (reply ? [reply.id] : [])));
}

/** How many requests ended with each `grpc-status`. */
export function codes(records: readonly CallRecord[]): ReadonlyMap<string, number> {
  return countBy(records.map(({ code }) => code));
}

/** What was not answered with OK: with which words, how often, and when, in ms after the first request. */
export function failuresOf(records: readonly CallRecord[]): string {
  const startedAt = Math.min(...records.map((record) => record.startedAt));
  const failed = records.filter(({ code }) => code !== "OK");
  const byWords = Map.groupBy(failed, ({ code, details }) => `${code} ${details}`);
  return [...byWords]
    .map(([words, all]) => {
      const times = all.map((record) => record.startedAt - startedAt);
      return `${all.length} times ${words} (${Math.min(...times)} to ${Math.max(...times)} ms)`;
    })
    .join("; ");
}

function countBy(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

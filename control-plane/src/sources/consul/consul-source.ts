import { readFile } from "node:fs/promises";
import { backoffMs } from "../../lib/backoff.ts";
import { problemText } from "../../lib/parsed.ts";
import { pause } from "../../lib/wait.ts";
import type { ConsulFeed, Sighting, SourceNote, WatchFeed } from "../feed.ts";
import { type Allowance, afterAnswer, afterFailure, beginning, takeTurn } from "./blocking-query.ts";
import { type ConsulClient, createConsulClient } from "./consul-client.ts";
import { parseHealth } from "./parse-health.ts";

export type ConsulDatacenter = {
  /** What documents call it. */
  readonly name: string;
  /** The region of its endpoints. */
  readonly region: string;
  /** `http://127.0.0.1:8500`: an agent or server of this or of any data center federated with it. */
  readonly address: string;
  /** What Consul calls it (`?dc=`). */
  readonly datacenter: string;
  /** Holds an ACL token; read again for each query, so that it may be replaced. */
  readonly tokenFile: string | undefined;
};

export type ConsulLimits = {
  /** How long Consul may hold a query back while nothing changes. It bounds how late a hanging data center is noticed. */
  readonly waitMs: number;
  /** For an answer, once the wait is over. */
  readonly answerMs: number;
  readonly connectMs: number;
  readonly answerBytes: number;
  /** An answer of a server that heard from its leader longer ago is no answer. */
  readonly lastContactMs: number;
  readonly rate: { readonly burst: number; readonly everyMs: number };
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
};

export const consulLimits: ConsulLimits = {
  waitMs: 30_000,
  answerMs: 10_000,
  connectMs: 3_000,
  answerBytes: 64 * 1024 * 1024,
  lastContactMs: 60_000,
  rate: { burst: 10, everyMs: 500 },
  backoff: { baseMs: 500, maxMs: 10_000 },
};

export type ConsulSource = AsyncDisposable & { readonly watch: WatchFeed<ConsulFeed> };

export type ConsulSourceOptions = {
  readonly datacenters: readonly ConsulDatacenter[];
  readonly observe: (note: SourceNote) => void;
  readonly monotonicMs: () => number;
  readonly limits?: Partial<ConsulLimits>;
  readonly random?: () => number;
};

/**
 * Watches services of Consul data centers by blocking queries. A failure is yielded as such and asked again with back-off; it
 * never ends the watch, and it never touches another data center's.
 */
export function createConsulSource(options: ConsulSourceOptions): ConsulSource {
  const { datacenters, observe, monotonicMs, random = Math.random } = options;
  const limits = { ...consulLimits, ...options.limits };
  const clients = new Map<string, ConsulClient>();
  const clientOf = (address: string): ConsulClient => {
    const client = clients.get(address) ?? createConsulClient(address, limits);
    clients.set(address, client);
    return client;
  };

  async function* watch(feed: ConsulFeed, signal: AbortSignal): AsyncGenerator<Sighting> {
    const datacenter = datacenters.find(({ name }) => name === feed.datacenter);
    if (!datacenter) throw new Error(`${feed.key}: Consul data center "${feed.datacenter}" is not configured`);
    let place = beginning;
    let allowance: Allowance | undefined;
    for (let failures = 0; !signal.aborted; ) {
      const turn = takeTurn(allowance, monotonicMs(), limits.rate);
      allowance = turn.allowance;
      // Up to half as long again, so that watches that flap together do not ask together.
      await pause(turn.waitMs * (1 + random() / 2), signal);
      if (signal.aborted) return;
      try {
        const { index, sighting } = await ask(datacenter, feed, place.ask, signal);
        const after = afterAnswer(place, index);
        place = after.place;
        failures = 0;
        if (after.rewound) observe({ kind: "source-rewound", source: feed.source, feed: feed.key, ...after.rewound });
        yield sighting;
      } catch (cause) {
        if (signal.aborted) return;
        place = afterFailure(place);
        const says = `consul ${datacenter.name} (${datacenter.address}): no health of "${feed.service}": ${reasonOf(cause)}`;
        yield { kind: "failed", cause: new Error(says, { cause }) };
        await pause(backoffMs(failures++, limits.backoff, random), signal);
      }
    }
  }

  async function ask(datacenter: ConsulDatacenter, feed: ConsulFeed, index: number, signal: AbortSignal) {
    const { tokenFile } = datacenter;
    const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, "utf8")).trim();
    // Consul itself adds up to a sixteenth to the wait.
    const heldBackMs = index === 0 ? 0 : limits.waitMs * (1 + 1 / 16);
    const question = {
      service: feed.service,
      datacenter: datacenter.datacenter,
      index,
      waitMs: limits.waitMs,
      timeLimitMs: Math.ceil(heldBackMs + limits.answerMs),
      token,
    };
    const answer = await clientOf(datacenter.address).health(question, signal);
    if (!answer.knownLeader) throw new Error("the server that answered knows no leader");
    if (answer.lastContactMs > limits.lastContactMs)
      throw new Error(`the server that answered has not heard from its leader for ${answer.lastContactMs} ms`);
    const health = parseHealth(answer.body, {
      source: feed.source,
      datacenter: datacenter.datacenter,
      region: datacenter.region,
      rules: feed.localityRules,
      passingOnly: feed.passingOnly,
    });
    if (!health.ok) throw new Error(health.problems.map(problemText).join("; "));
    const sighting: Sighting = { kind: "seen", ...health.value };
    return { index: answer.index, sighting };
  }

  return {
    watch,
    async [Symbol.asyncDispose]() {
      for (const client of clients.values()) client[Symbol.dispose]();
    },
  };
}

/** What Consul said, where it refused: `500: No path to datacenter`. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { response } = cause as { readonly response?: { readonly statusCode?: unknown; readonly body?: unknown } };
  if (typeof response?.statusCode !== "number" || response.statusCode < 300) return cause.message;
  const said = Buffer.isBuffer(response.body) ? response.body.toString() : response.body;
  return `${response.statusCode}: ${typeof said === "string" && said !== "" ? said.trim().slice(0, 300) : cause.message}`;
}

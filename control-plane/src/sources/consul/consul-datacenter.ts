import type { SourceName } from "../../model/names.ts";
import { type ConsulAccess, type ConsulClient, createConsulClient, type FailedOver } from "./consul-client.ts";
import type { ConsulLimits } from "./consul-limits.ts";
import type { ConsulAnswer } from "./consul-request.ts";

export type ConsulDatacenter = ConsulAccess & {
  /** What documents call it. */
  readonly name: string;
  /** The region of its endpoints. */
  readonly region: string;
  /** What Consul calls it (`?dc=`). */
  readonly datacenter: string;
  /** May any server answer, or the leader only? */
  readonly stale: boolean;
};

export type Asking = {
  /** 0 is answered at once; any other when the data has a newer one, or after the wait. */
  readonly index: number;
  /** Who may answer: any server, if that is allowed; the leader; or a leader that has made sure that it still leads. */
  readonly by: "any" | "leader" | "confirmed-leader";
  readonly tags?: readonly string[];
  /** False where Consul has no index to give. */
  readonly isIndexed?: boolean;
};

/** A configured data center, and how it is asked. */
export type DatacenterClient = Disposable & {
  readonly configured: ConsulDatacenter;
  readonly source: SourceName;
  ask(path: string, asking: Asking, signal: AbortSignal): Promise<ConsulAnswer>;
  /** A server was caught with wrong data: the leader is asked, for a while. Is that news? */
  mistrust(): boolean;
};

export function createDatacenterClient(
  configured: ConsulDatacenter,
  {
    source,
    limits,
    failedOver,
    monotonicMs,
  }: {
    readonly source: SourceName;
    readonly limits: ConsulLimits;
    readonly failedOver: (note: FailedOver) => void;
    readonly monotonicMs: () => number;
  },
): DatacenterClient {
  const client: ConsulClient = createConsulClient(configured, { limits, failedOver, monotonicMs });
  let mistrustedUntilMs = Number.NEGATIVE_INFINITY;

  return {
    configured,
    source,
    ask(path, { index, by, tags = [], isIndexed = true }, signal) {
      const query = new URLSearchParams({ dc: configured.datacenter });
      if (by === "confirmed-leader") query.set("consistent", "");
      else if (by === "any" && configured.stale && monotonicMs() >= mistrustedUntilMs) query.set("stale", "");
      for (const tag of tags) query.append("tag", tag);
      query.set("index", String(index));
      if (index > 0) query.set("wait", `${limits.waitMs}ms`);
      // Consul itself adds up to a sixteenth to the wait.
      const heldBackMs = index === 0 ? 0 : limits.waitMs * (1 + 1 / 16);
      return client.get({ path, query, isIndexed, timeLimitMs: Math.ceil(heldBackMs + limits.answerMs) }, signal);
    },
    mistrust() {
      const news = monotonicMs() >= mistrustedUntilMs;
      mistrustedUntilMs = monotonicMs() + limits.mistrustMs;
      return news;
    },
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

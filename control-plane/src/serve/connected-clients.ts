import type { ResourceType } from "../snapshot/resource.ts";
import type { Clients, ClientView, ResourceStatus, StreamCost, TypeStatuses } from "./clients.ts";
import type { Identity } from "./identity.ts";

/** A live stream, as the table of clients asks it. */
export type Connected = {
  readonly identity: Identity<unknown>;
  readonly viewer: string;
  readonly protocol: "sotw" | "delta";
  readonly peer: string;
  readonly connectedAt: Date;
  status(): TypeStatuses;
  resources(): Iterable<ResourceStatus>;
  resource(type: ResourceType, name: string): ResourceStatus | undefined;
  cost(): StreamCost;
  /** The client has answered all that it is to hold now. */
  settled(): boolean;
  /** It keeps something older than it is to hold, because it rejected that. */
  rejects(): boolean;
  /** To be called from time to time: tries again what was rejected, ends a stream that does not answer. */
  sweep(now: Date): void;
};

/** The table of clients, and the hooks by which streams enter it. */
export type ConnectedClients = Clients & {
  add(client: Connected): void;
  remove(client: Connected): void;
  /** To be called when a client may have become settled. */
  progressed(): void;
  /** Every live stream. */
  streams(): Iterable<Connected>;
};

export function createConnectedClients(): ConnectedClients {
  const clients = new Set<Connected>();
  const waiting = new Set<() => void>();
  const hasAll = (client: Connected) => client.settled() && !client.rejects();
  const count = () => ({ acked: [...clients].filter(hasAll).length, of: clients.size });

  function progressed(): void {
    for (const check of waiting) check();
  }

  return {
    add(client) {
      clients.add(client);
    },
    remove(client) {
      clients.delete(client);
      progressed();
    },
    progressed,
    streams: () => clients,
    list: () => [...Map.groupBy(clients, ({ identity, peer }) => `${identity.nodeId} ${peer}`).values()].map(viewOf),
    settled(withinMs, signal) {
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          waiting.delete(check);
          signal.removeEventListener("abort", done);
          resolve(count());
        };
        // Asked at each answer of each client: as long as the last one found behind still is, the others need no look.
        let laggard: Connected | undefined;
        const check = () => {
          if (laggard !== undefined && clients.has(laggard) && !laggard.settled()) return;
          laggard = clients.values().find((client) => !client.settled());
          if (laggard === undefined) done();
        };
        const timer = setTimeout(done, withinMs);
        waiting.add(check);
        signal.addEventListener("abort", done);
        check();
      });
    },
  };
}

/** One client's streams on one connection: one with ADS, several with a service for each type. */
function viewOf(streams: readonly Connected[]): ClientView {
  const [first] = streams;
  if (first === undefined) throw new Error("a group of streams has at least one");
  const { nodeId, cluster, kind, role, locality, agent, metadata, problems } = first.identity;
  const { protocol, peer, connectedAt, viewer } = first;
  return {
    ...{ nodeId, cluster, kind, role, locality, agent, protocol, peer, connectedAt, viewer },
    ...(metadata && { metadata }),
    ...(problems && { problems }),
    // Only for whom they are asked of: those of 5,000 clients take 25 ms.
    get types() {
      return streams.map((stream) => stream.status()).reduce(merged);
    },
    get cost() {
      return streams.map((stream) => stream.cost()).reduce(added);
    },
    *resources() {
      for (const stream of streams) yield* stream.resources();
    },
    resource(type, name) {
      for (const stream of streams) {
        const found = stream.resource(type, name);
        if (found) return found;
      }
      return undefined;
    },
  };
}

function merged(a: TypeStatuses, b: TypeStatuses): TypeStatuses {
  const asked = Object.entries(b).filter(([, { status }]) => status !== "NOT_SENT");
  return { ...a, ...Object.fromEntries(asked) };
}

function added(a: StreamCost, b: StreamCost): StreamCost {
  return {
    requests: a.requests + b.requests,
    responses: a.responses + b.responses,
    responseBytes: a.responseBytes + b.responseBytes,
    acks: a.acks + b.acks,
    nacks: a.nacks + b.nacks,
  };
}

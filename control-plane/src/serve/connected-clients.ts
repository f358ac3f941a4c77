import { localityText } from "../model/locality.ts";
import type { ResourceType } from "../snapshot/resource.ts";
import type { Clients, ClientView, TypeStatus } from "./clients.ts";
import type { Identity } from "./viewer-of-node.ts";

/** A live stream, as the table of clients asks it. */
export type Connected = {
  readonly identity: Identity;
  readonly protocol: "sotw" | "delta";
  readonly peer: string;
  readonly connectedAt: Date;
  status(): Readonly<Record<ResourceType, TypeStatus>>;
  /** The client has ACKed all that it is to hold now. */
  settled(): boolean;
};

/** The table of clients, and the hooks by which streams enter it. */
export type ConnectedClients = Clients & {
  add(client: Connected): void;
  remove(client: Connected): void;
  /** To be called when a client may have become settled. */
  progressed(): void;
};

export function createConnectedClients(): ConnectedClients {
  const clients = new Set<Connected>();
  const waiting = new Set<() => void>();
  const count = () => ({ acked: [...clients].filter((client) => client.settled()).length, of: clients.size });

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
    list: () => [...clients].map(viewOf),
    settled(withinMs, signal) {
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          waiting.delete(check);
          signal.removeEventListener("abort", done);
          resolve(count());
        };
        const check = () => {
          const { acked, of } = count();
          if (acked === of) done();
        };
        const timer = setTimeout(done, withinMs);
        waiting.add(check);
        signal.addEventListener("abort", done);
        check();
      });
    },
  };
}

function viewOf({ identity, protocol, peer, connectedAt, status }: Connected): ClientView {
  const { nodeId, cluster, agent, viewer } = identity;
  return {
    nodeId,
    cluster,
    kind: viewer.flavour,
    role: viewer.flavour === "grpc" ? "proxyless" : viewer.role,
    locality: localityText(viewer.locality),
    agent,
    protocol,
    peer,
    connectedAt,
    viewer,
    types: status(),
  };
}

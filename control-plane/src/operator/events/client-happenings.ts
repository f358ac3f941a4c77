import type { ClientView } from "../../serve/clients.ts";

/** What is remembered of a client to tell what happened to it since. */
export type SeenClients = ReadonlyMap<string, { readonly client: ClientView; readonly nacks: number }>;

export type ClientHappenings = {
  readonly came: readonly ClientView[];
  readonly went: readonly ClientView[];
  /** Clients that rejected something since, with how often. */
  readonly nacks: readonly { readonly client: ClientView; readonly count: number }[];
};

export function seenClients(clients: readonly ClientView[]): SeenClients {
  return new Map(clients.map((client) => [keyOf(client), { client, nacks: client.cost.nacks }]));
}

/** Who came and went and who rejected something between two looks. */
export function clientHappenings(before: SeenClients, now: SeenClients): ClientHappenings {
  const rejections = [...now].map(([key, { client, nacks }]) => ({
    client,
    count: nacks - (before.get(key)?.nacks ?? 0),
  }));
  return {
    came: [...now].filter(([key]) => !before.has(key)).map(([, { client }]) => client),
    went: [...before].filter(([key]) => !now.has(key)).map(([, { client }]) => client),
    nacks: rejections.filter(({ count }) => count > 0),
  };
}

// A client that reconnects is there twice until its old connection is found dead.
function keyOf({ nodeId, peer, connectedAt }: ClientView): string {
  return `${nodeId}\n${peer}\n${connectedAt.getTime()}`;
}

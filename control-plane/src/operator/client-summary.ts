import type { ClientStatus, ClientView } from "../serve/clients.ts";

export const summaryTypes = { CDS: "cluster", LDS: "listener", EDS: "endpoints", RDS: "routes" } as const;
export type SummaryType = keyof typeof summaryTypes;

/** Clients of one kind at one place. */
export type ClientGroup = Pick<ClientView, "kind" | "role" | "locality"> & {
  readonly clients: number;
  /** How many of them are in which state, by type; states that nobody is in are left out. */
  readonly types: Readonly<Record<SummaryType, Readonly<Partial<Record<ClientStatus, number>>>>>;
};

/** One type of a client that has not taken what it is to have. */
export type Trouble = Pick<ClientView, "nodeId" | "kind" | "locality"> & {
  readonly type: SummaryType;
  readonly status: "STALE" | "ERROR";
  readonly since: Date;
  readonly reason?: string;
  readonly rejected?: readonly string[];
};

export type ClientSummary = {
  readonly clients: number;
  /** Those that have taken all that they are to have. */
  readonly synced: number;
  /** By locality, kind and role. */
  readonly groups: readonly ClientGroup[];
  /** Those that reject first, then those that were waited for longest; at most `mostTroubled`. */
  readonly troubled: readonly Trouble[];
  readonly troubledLeftOut: number;
};

/** Enough to see what is wrong; `GET /v1/clients` has all of them. */
const mostTroubled = 50;

/** Who is connected, in a size that does not grow with them: groups with counts, and by name only those in trouble. */
export function clientSummary(clients: readonly ClientView[]): ClientSummary {
  const groups = Map.groupBy(clients, ({ kind, role, locality }) => `${locality}\n${kind}\n${role}`);
  const names = [...groups.keys()].sort();
  const troubled = clients.flatMap(troublesOf).sort(worstFirst);
  return {
    clients: clients.length,
    synced: clients.length - new Set(troubled.map(({ nodeId }) => nodeId)).size,
    groups: names.map((name) => groupOf(groups.get(name) ?? [])),
    troubled: troubled.slice(0, mostTroubled),
    troubledLeftOut: Math.max(0, troubled.length - mostTroubled),
  };
}

function groupOf(members: readonly ClientView[]): ClientGroup {
  const [first] = members;
  if (first === undefined) throw new Error("a group of clients has at least one");
  const { kind, role, locality } = first;
  const count = (type: SummaryType) =>
    Object.fromEntries(
      [...Map.groupBy(members, ({ types }) => types[summaryTypes[type]].status)].map(([status, some]) => [
        status,
        some.length,
      ]),
    );
  const types = { CDS: count("CDS"), LDS: count("LDS"), EDS: count("EDS"), RDS: count("RDS") };
  return { kind, role, locality, clients: members.length, types };
}

function troublesOf({ nodeId, kind, locality, types }: ClientView): readonly Trouble[] {
  return (Object.keys(summaryTypes) as SummaryType[]).flatMap((type) => {
    const { status, since, reason, rejected } = types[summaryTypes[type]];
    if (status !== "STALE" && status !== "ERROR") return [];
    const words = { ...(reason !== undefined && { reason }), ...(rejected && { rejected }) };
    return [{ nodeId, kind, locality, type, status, since, ...words }];
  });
}

function worstFirst(a: Trouble, b: Trouble): number {
  if (a.status !== b.status) return a.status === "ERROR" ? -1 : 1;
  return a.since.getTime() - b.since.getTime();
}

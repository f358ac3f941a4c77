import { sortedBy } from "../../lib/order.ts";

/** A connected client, as far as a plan tells of it. */
export type PlannedClient = {
  readonly nodeId: string;
  readonly kind: "envoy" | "grpc";
  readonly role: string;
  /** `dc-a/z1`; empty: it does not say. */
  readonly locality: string;
  readonly viewer: string;
  /** The listeners that it asks for, by which it finds all else; undefined: whatever there is, as Envoys do. */
  readonly listeners: readonly string[] | undefined;
  /** It holds all that it is to hold now. */
  readonly isSynced: boolean;
};

/** Clients of one kind at one place that will be sent something. */
export type TouchedClients = {
  readonly kind: "envoy" | "grpc";
  readonly role: string;
  readonly locality: string;
  readonly clients: number;
  readonly synced: number;
  /** Those that are not in step now: they may get both changes at once, or none. */
  readonly behind: readonly string[];
};

const maxNamed = 20;

/** These clients by kind and place. */
export function touchedClients(touched: readonly PlannedClient[]): readonly TouchedClients[] {
  const groups = Map.groupBy(touched, ({ kind, role, locality }) => `${kind} ${role} ${locality}`);
  return sortedBy(groups.keys(), (key) => key).flatMap((key) => {
    const some = groups.get(key) ?? [];
    const [first] = some;
    if (first === undefined) return [];
    const behind = some.filter(({ isSynced }) => !isSynced).map(({ nodeId }) => nodeId);
    const { kind, role, locality } = first;
    const synced = some.length - behind.length;
    return [{ kind, role, locality, clients: some.length, synced, behind: behind.sort().slice(0, maxNamed) }];
  });
}

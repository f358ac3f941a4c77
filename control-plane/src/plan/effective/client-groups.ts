import { byText } from "../../lib/order.ts";
import { type ClientKind, clientKinds, softwareOf } from "../../model/client-software.ts";
import type { Release } from "../../model/grpc-capabilities.ts";

/** Clients of one kind and version. */
export type ClientGroup = {
  readonly kind: ClientKind;
  /** As they say it, `1.85.0`; empty where they say none, or where it stands for all of the kind. */
  readonly version: string;
  readonly release: Release | undefined;
  readonly clients: number;
};

/** Versions of a kind that are told apart: a client says what it likes, and each is a column of every field. */
const mostVersions = 20;

/**
 * Connected clients by kind and version, from their user agents (name and version), kinds in a fixed order. The rarest of many
 * versions are one group, of the version `others`.
 */
export function clientGroups(agents: Iterable<string>): readonly ClientGroup[] {
  const groups = new Map<string, ClientGroup>();
  for (const agent of agents) {
    const { kind, version, release } = softwareOf(agent);
    const key = `${kind} ${version}`;
    groups.set(key, { kind, version, release, clients: (groups.get(key)?.clients ?? 0) + 1 });
  }
  return clientKinds.flatMap((kind) => {
    const some = [...groups.values()].filter((group) => group.kind === kind);
    const common = some.sort((a, b) => b.clients - a.clients || byText(a.version, b.version)).slice(0, mostVersions);
    const rare = some.slice(mostVersions).reduce((sum, { clients }) => sum + clients, 0);
    const others = rare > 0 ? [{ kind, version: "others", release: undefined, clients: rare }] : [];
    return [...common.sort((a, b) => byText(a.version, b.version)), ...others];
  });
}

/** The same with each kind of which none is connected, at its current version; `grpc-other` only where there is one. */
export function withEveryKind(groups: readonly ClientGroup[]): readonly ClientGroup[] {
  return clientKinds.flatMap((kind) => {
    const known = groups.filter((group) => group.kind === kind);
    if (known.length > 0 || kind === "grpc-other") return known;
    return [{ kind, version: "", release: undefined, clients: 0 }];
  });
}

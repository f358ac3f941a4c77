import type { DatacenterClient } from "./consul-datacenter.ts";
import { jsonOf } from "./read-health.ts";

type Check = {
  readonly node: string;
  readonly id: string;
  /** Empty for a check of the node itself. */
  readonly service: string;
  readonly modified: number;
};

/** Reads an answer of `/v1/health/state/…`, as far as it says what has changed. Written out: it may hold a check for every instance. */
export function parseChecks(text: string): readonly Check[] {
  const body = jsonOf(text);
  if (!Array.isArray(body)) throw new Error("expected a list of checks");
  return body.map((raw: unknown) => {
    const { Node, CheckID, ServiceName, ModifyIndex } = (raw ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof Node !== "string" || typeof CheckID !== "string" || typeof ModifyIndex !== "number")
      throw new Error("expected checks with Node, CheckID and ModifyIndex");
    return {
      node: Node,
      id: CheckID,
      service: typeof ServiceName === "string" ? ServiceName : "",
      modified: ModifyIndex,
    };
  });
}

/** Which check is in a state, and when it was changed last. */
export type StateOfChecks = ReadonlyMap<string, Check>;

export function stateOf(checks: readonly Check[]): StateOfChecks {
  return new Map(checks.map((check) => [`${check.node} ${check.id}`, check]));
}

/** The services of the checks that came, went or were changed; the empty name stands for nodes. */
export function touchedBetween(before: StateOfChecks, after: StateOfChecks): ReadonlySet<string> {
  const touched = new Set<string>();
  for (const [key, { service, modified }] of after) if (before.get(key)?.modified !== modified) touched.add(service);
  for (const [key, { service }] of before) if (!after.has(key)) touched.add(service);
  return touched;
}

/** Of each service how many checks it has, and when the last was changed: a check that came, went or changed shows in it. */
export type Census = ReadonlyMap<string, { readonly checks: number; readonly modified: number }>;

export function censusOf(checks: readonly Check[]): Census {
  const census = new Map<string, { checks: number; modified: number }>();
  for (const { service, modified } of checks) {
    const one = census.get(service);
    if (!one) census.set(service, { checks: 1, modified });
    else {
      one.checks++;
      one.modified = Math.max(one.modified, modified);
    }
  }
  return census;
}

export function changedBetween(before: Census, after: Census): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const [service, { checks, modified }] of after) {
    const earlier = before.get(service);
    if (earlier?.checks !== checks || earlier.modified !== modified) changed.add(service);
  }
  for (const service of before.keys()) if (!after.has(service)) changed.add(service);
  return changed;
}

/**
 * All checks of a data center as they are now, by service. As its leader has them: another server than the one that told of a
 * change may not know of it yet.
 */
export async function readCensus(datacenter: DatacenterClient, signal: AbortSignal): Promise<Census> {
  const { text } = await datacenter.ask("/v1/health/state/any", { index: 0, by: "leader" }, signal);
  return censusOf(parseChecks(text));
}

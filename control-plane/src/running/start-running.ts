import { type AddressRange, inRanges } from "../model/address-range.ts";
import type { Clients, ClientView } from "../serve/clients.ts";
import { type AdminAddress, adminAddress } from "./admin-address.ts";
import { type Answered, askEnvoy } from "./ask-envoy.ts";
import { askGrpc } from "./ask-grpc.ts";
import { createEjectionWatch } from "./ejection-watch.ts";
import type { EjectionHappening } from "./ejections.ts";
import { pollEach } from "./poll-each.ts";
import { type Look, type Running, type RunningClient, resourceKey } from "./running.ts";

export type RunningNote =
  | { readonly kind: "client-unseen"; readonly nodeId: string; readonly why: string }
  | { readonly kind: "client-differs"; readonly nodeId: string; readonly resources: readonly string[] }
  | ({ readonly kind: "ejection-told" } & EjectionHappening);

export type RunningSettings = {
  /** Nobody is asked when this is empty. */
  readonly allow: readonly AddressRange[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly concurrency: number;
};

/** Of one admin page. Envoys of thousands of services have more to say than is worth being read every few seconds. */
const mostBytes = 8 * 1024 ** 2;

type Seen = {
  look: Look | undefined;
  answered: Answered | undefined;
  failing: { why: string; since: Date } | undefined;
};

/** Asks the clients that may be asked what they run, until the signal aborts. */
export function startRunning(
  {
    clients,
    serviceOf,
    settings: { allow, intervalMs, timeoutMs, concurrency },
    observe,
    now,
    monotonicMs,
    random = Math.random,
  }: {
    readonly clients: Pick<Clients, "list">;
    /** The service of a cluster; undefined for one that is none of Weir's. */
    readonly serviceOf: (cluster: string) => string | undefined;
    readonly settings: RunningSettings;
    readonly observe: (note: RunningNote) => void;
    readonly now: () => Date;
    readonly monotonicMs: () => number;
    readonly random?: () => number;
  },
  signal: AbortSignal,
): Running {
  const isOn = allow.length > 0;
  const isAllowed = inRanges(allow);
  const seen = new Map<string, Seen>();
  const watch = createEjectionWatch({ serviceOf });

  function settle(): void {
    for (const happening of watch.settle(now())) observe({ kind: "ejection-told", ...happening });
  }

  function askable(): ReadonlyMap<string, { readonly view: ClientView; readonly address: AdminAddress }> {
    const found = new Map<string, { readonly view: ClientView; readonly address: AdminAddress }>();
    for (const view of clients.list()) {
      const address = adminAddress(view.metadata, isAllowed);
      const before = found.get(view.nodeId);
      // One that reconnects is there twice until its old connection is found dead.
      if (address.ok && !(before && before.view.connectedAt > view.connectedAt))
        found.set(view.nodeId, { view, address: address.value });
    }
    for (const nodeId of seen.keys())
      if (!found.has(nodeId)) {
        seen.delete(nodeId);
        watch.lost(nodeId);
      }
    settle();
    return found;
  }

  async function ask(
    { view, address }: { readonly view: ClientView; readonly address: AdminAddress },
    end: AbortSignal,
  ) {
    const { nodeId, kind } = view;
    const began = monotonicMs();
    const state = seen.get(nodeId) ?? { look: undefined, answered: undefined, failing: undefined };
    const limits = { timeoutMs, mostBytes };
    try {
      const answered =
        kind === "envoy"
          ? await askEnvoy(view, address, { limits, before: state.answered }, end)
          : await askGrpc(view, address, { limits }, end);
      if (end.aborted) return true;
      const { clusters } = answered;
      const at = now();
      const look = lookOf(answered, at, monotonicMs() - began);
      tellDifferences(view, look, state.look);
      seen.set(nodeId, { look, answered, failing: undefined });
      if (clusters) watch.looked(nodeId, clusters, at);
      settle();
      return true;
    } catch (cause) {
      if (end.aborted) return false;
      const why = (cause as Error).message;
      if (state.failing === undefined) observe({ kind: "client-unseen", nodeId, why });
      const since = state.failing?.since ?? now();
      seen.set(nodeId, { ...state, failing: { why, since } });
      // What it told a moment ago still holds; later nobody knows.
      if (+now() - +(state.look?.at ?? 0) > 3 * intervalMs) watch.lost(nodeId);
      return false;
    }
  }

  function tellDifferences({ nodeId, resource }: ClientView, now: Look, before: Look | undefined): void {
    const told = new Set(before?.differing.map(({ type, name }) => resourceKey(type, name)));
    const differing = now.differing.filter(
      // While it has not answered for what it was sent, it may well run something else.
      ({ type, name, comparedWith }) =>
        !told.has(resourceKey(type, name)) && resource(type, name)?.held === comparedWith,
    );
    if (differing.length === 0) return;
    observe({ kind: "client-differs", nodeId, resources: differing.map(({ type, name }) => `${type} ${name}`) });
  }

  if (isOn) void pollEach({ all: askable, ask }, { intervalMs, concurrency, monotonicMs, random }, signal);

  return {
    isOn,
    intervalMs,
    client: (view) => clientState(view),
    ejections: watch.now,
  };

  function clientState({ nodeId, metadata }: ClientView): RunningClient {
    if (!isOn) return { kind: "unasked", why: "clients.admin.allow names nobody: no client is asked what it runs" };
    const address = adminAddress(metadata, isAllowed);
    if (!address.ok) return { kind: "unasked", why: address.problems.map(({ says }) => says).join("; ") };
    const { look, failing } = seen.get(nodeId) ?? {};
    if (failing) return { kind: "unseen", ...failing, look };
    return look ? { kind: "seen", look } : { kind: "waiting" };
  }
}

function lookOf({ resources, extra }: Answered, at: Date, tookMs: number): Look {
  const differing = [...resources].flatMap(([, { type, name, differences, comparedWith }]) =>
    differences.length > 0 ? [{ type, name, comparedWith }] : [],
  );
  return { at, tookMs, resources, differing, extra };
}

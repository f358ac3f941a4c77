import type {
  ClientSummary,
  Guarded,
  Overview,
  Revision,
  Shift,
  Source,
  Splits,
  Store,
  TrafficAnswer,
} from "./answers.ts";
import { ask, RefusedError, whyNot } from "./weir-api.ts";

export type Heard =
  | { readonly kind: "overview"; readonly overview: Overview }
  | { readonly kind: "failed"; readonly why: string; readonly asksWho: boolean };

const everyMs = 1_000;

/** Asks the control plane once a second how things are, until the signal; a page that nobody looks at does not ask. */
export async function* followWeir(signal: AbortSignal): AsyncGenerator<Heard> {
  let before: Overview | undefined;
  while (!signal.aborted) {
    await isVisible(signal);
    const began = performance.now();
    try {
      before = await overview(before);
      yield { kind: "overview", overview: before };
    } catch (cause) {
      const asksWho = cause instanceof RefusedError && cause.code === 401;
      yield { kind: "failed", why: whyNot(cause), asksWho };
    }
    await pause(Math.max(100, everyMs - (performance.now() - began)), signal);
  }
}

/** Documents and the journal are asked for only when there is another revision. */
async function overview(before: Overview | undefined): Promise<Overview> {
  const [traffic, clients, { sources }, guard, store, { operations: shifts }] = await Promise.all([
    ask<TrafficAnswer>("/v1/traffic"),
    ask<ClientSummary>("/v1/clients:summary"),
    ask<{ readonly sources: readonly Source[] }>("/v1/sources"),
    ask<Guarded>("/v1/guard"),
    ask<Store>("/v1/store"),
    ask<{ readonly operations: readonly Shift[] }>("/v1/operations"),
  ]);
  const now = { traffic, clients, sources, guard, store, shifts };
  if (before !== undefined && before.splits.revision === store.revision) return { ...before, ...now };
  const [splits, { revisions }, { version }] = await Promise.all([
    ask<Splits>("/v1/trafficSplits"),
    ask<{ readonly revisions: readonly Revision[] }>("/v1/revisions?limit=100"),
    ask<{ readonly version: string }>("/version"),
  ]);
  return { ...now, splits, revisions, version };
}

function isVisible(signal: AbortSignal): Promise<void> {
  if (!document.hidden || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}
